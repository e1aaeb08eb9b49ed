#include "libcore/io/thrift.h"

enum { DEPTH = 32 }; /* of structs in structs that are skipped */

/* What went wrong first is what counts. */
static void fail(struct ift_thrift *t, bool cut) {
    if (!t->failed) t->cut = cut;
    t->failed = true;
    t->p = t->end;
}

static unsigned char byte(struct ift_thrift *t) {
    if (t->p == t->end) {
        fail(t, true);
        return 0;
    }
    return *t->p++;
}

static void pass(struct ift_thrift *t, uint64_t n) {
    if (n > (uint64_t)(t->end - t->p))
        fail(t, true);
    else
        t->p += n;
}

uint64_t ift_thrift_varint(struct ift_thrift *t) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const unsigned char b = byte(t);
        value |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) return value;
    }
    fail(t, false);
    return 0;
}

int64_t ift_thrift_zigzag(struct ift_thrift *t) {
    const uint64_t v = ift_thrift_varint(t);
    return (int64_t)(v >> 1 ^ -(v & 1));
}

bool ift_thrift_field(struct ift_thrift *t, struct ift_thrift_field *f) {
    const unsigned char b = byte(t);
    f->type = b & 0x0f;
    if (f->type == IFT_THRIFT_STOP) return false;
    f->id = b >> 4 ? f->id + (b >> 4) : (int)(int16_t)ift_thrift_zigzag(t);
    if (f->id > INT16_MAX) fail(t, false);
    return !t->failed;
}

int64_t ift_thrift_int(struct ift_thrift *t) {
    return ift_thrift_zigzag(t);
}

struct ift_slice ift_thrift_binary(struct ift_thrift *t) {
    const uint64_t n = ift_thrift_varint(t);
    const unsigned char *const p = t->p;
    pass(t, n);
    return t->failed ? (struct ift_slice){"", 0} : (struct ift_slice){(const char *)p, (size_t)n};
}

size_t ift_thrift_list(struct ift_thrift *t, enum ift_thrift_type *type) {
    const unsigned char b = byte(t);
    *type = b & 0x0f;
    const uint64_t n = b >> 4 == 15 ? ift_thrift_varint(t) : b >> 4;
    if (n > (uint64_t)(t->end - t->p)) fail(t, true); /* every element takes a byte at least */
    return t->failed ? 0 : (size_t)n;
}

static void skip(struct ift_thrift *t, enum ift_thrift_type type, bool in_list, int depth);

static void skip_list(struct ift_thrift *t, int depth) {
    enum ift_thrift_type type;
    for (size_t n = ift_thrift_list(t, &type); n > 0 && !t->failed; n--) skip(t, type, true, depth);
}

static void skip_map(struct ift_thrift *t, int depth) {
    const uint64_t n = ift_thrift_varint(t);
    if (n == 0) return;
    const unsigned char types = byte(t);
    for (uint64_t i = 0; i < n && !t->failed; i++) {
        skip(t, types >> 4, true, depth);
        skip(t, types & 0x0f, true, depth);
    }
}

static void skip(struct ift_thrift *t, enum ift_thrift_type type, bool in_list, int depth) {
    if (depth == DEPTH) {
        fail(t, false);
        return;
    }
    switch (type) {
    case IFT_THRIFT_TRUE:
    case IFT_THRIFT_FALSE:
        pass(t, in_list);
        break;
    case IFT_THRIFT_BYTE:
        pass(t, 1);
        break;
    case IFT_THRIFT_I16:
    case IFT_THRIFT_I32:
    case IFT_THRIFT_I64:
        ift_thrift_varint(t);
        break;
    case IFT_THRIFT_DOUBLE:
        pass(t, 8);
        break;
    case IFT_THRIFT_BINARY:
        ift_thrift_binary(t);
        break;
    case IFT_THRIFT_LIST:
    case IFT_THRIFT_SET:
        skip_list(t, depth + 1);
        break;
    case IFT_THRIFT_MAP:
        skip_map(t, depth + 1);
        break;
    case IFT_THRIFT_STRUCT: {
        struct ift_thrift_field f = {0};
        while (ift_thrift_field(t, &f)) skip(t, f.type, false, depth + 1);
        break;
    }
    case IFT_THRIFT_UUID:
        pass(t, 16);
        break;
    default:
        fail(t, false);
    }
}

void ift_thrift_skip(struct ift_thrift *t, enum ift_thrift_type type) {
    skip(t, type, false, 0);
}
