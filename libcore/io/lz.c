#include "libcore/io/lz.h"

#include <stdint.h>
#include <string.h>

/* Where we are in both. */
struct block {
    const unsigned char *in, *in_end;
    unsigned char *begin, *out, *out_end;
};

static bool literal(struct block *b, size_t n) {
    const size_t have = (size_t)(b->in_end - b->in), room = (size_t)(b->out_end - b->out);
    if (n > have || n > room) return false;
    if (n <= 16 && have >= 16 && room >= 16)
        memcpy(b->out, b->in, 16); /* of a size that is known: two instructions */
    else
        memcpy(b->out, b->in, n);
    b->in += n;
    b->out += n;
    return true;
}

/* What was written `back` bytes ago, again; it may run into itself. */
static bool copy(struct block *b, size_t back, size_t n) {
    const size_t room = (size_t)(b->out_end - b->out);
    if (back == 0 || back > (size_t)(b->out - b->begin) || n > room) return false;
    const unsigned char *from = b->out - back;
    unsigned char *to = b->out;
    b->out += n;
    if (back >= 8 && room >= n + 8) { /* in eights, a few too many: they are overwritten later */
        for (size_t i = 0; i < n; i += 8) memcpy(to + i, from + i, 8);
    } else {
        for (size_t i = 0; i < n; i++) to[i] = from[i];
    }
    return true;
}

static size_t little_endian(const unsigned char *p, size_t n) {
    size_t value = 0;
    for (size_t i = 0; i < n; i++) value |= (size_t)p[i] << 8 * i;
    return value;
}

static bool snappy_size(struct block *b, size_t *size) {
    *size = 0;
    for (unsigned shift = 0; shift < 35 && b->in < b->in_end; shift += 7) {
        const unsigned char c = *b->in++;
        *size |= (size_t)(c & 0x7f) << shift;
        if (c < 0x80) return true;
    }
    return false;
}

static bool snappy_literal(struct block *b, size_t length) {
    if (length >= 60) {
        const size_t bytes = length - 59;
        if (bytes > (size_t)(b->in_end - b->in)) return false;
        length = little_endian(b->in, bytes);
        b->in += bytes;
    }
    return literal(b, length + 1);
}

bool ift_lz_snappy(const unsigned char *in, size_t n, unsigned char *out, size_t out_n) {
    static const unsigned char offset_bytes[4] = {0, 1, 2, 4};
    struct block b = {in, in + n, out, out, out + out_n};
    size_t size;
    if (!snappy_size(&b, &size) || size != out_n) return false;
    while (b.in < b.in_end) {
        const unsigned char tag = *b.in++;
        const unsigned kind = tag & 3;
        if (kind == 0) {
            if (!snappy_literal(&b, tag >> 2)) return false;
            continue;
        }
        const size_t bytes = offset_bytes[kind];
        if (bytes > (size_t)(b.in_end - b.in)) return false;
        size_t back = little_endian(b.in, bytes), length = (size_t)(tag >> 2) + 1;
        if (kind == 1) {
            back |= (size_t)(tag >> 5) << 8;
            length = (size_t)(tag >> 2 & 7) + 4;
        }
        b.in += bytes;
        if (!copy(&b, back, length)) return false;
    }
    return b.out == b.out_end;
}

/* A length that did not fit into four bits goes on in bytes, until one is not 255. */
static bool lz4_length(struct block *b, size_t *length) {
    if (*length != 15) return true;
    while (b->in < b->in_end) {
        const unsigned char c = *b->in++;
        *length += c;
        if (c != 255) return true;
    }
    return false;
}

bool ift_lz_lz4(const unsigned char *in, size_t n, unsigned char *out, size_t out_n) {
    struct block b = {in, in + n, out, out, out + out_n};
    while (b.in < b.in_end) {
        const unsigned char tag = *b.in++;
        size_t length = tag >> 4;
        if (!lz4_length(&b, &length) || !literal(&b, length)) return false;
        if (b.in == b.in_end) return b.out == b.out_end; /* the last one is literal only */
        if (b.in_end - b.in < 2) return false;
        const size_t back = little_endian(b.in, 2);
        b.in += 2;
        length = tag & 15;
        if (!lz4_length(&b, &length) || !copy(&b, back, length + 4)) return false;
    }
    return false;
}
