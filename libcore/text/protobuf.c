#include "libcore/text/protobuf.h"

#include <stdbool.h>
#include <stddef.h>

static inline bool read_varint(struct ift_protobuf *r, uint64_t *value) {
    if (r->p < r->end && (unsigned char)*r->p < 0x80) { /* most are of one byte */
        *value = (unsigned char)*r->p++;
        return true;
    }
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->p == r->end) return false;
        const unsigned char byte = (unsigned char)*r->p++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

static inline bool read_fixed(struct ift_protobuf *r, size_t n, uint64_t *value) {
    if ((size_t)(r->end - r->p) < n) return false;
    *value = 0;
    for (size_t i = 0; i < n; i++) *value |= (uint64_t)(unsigned char)*r->p++ << (8 * i);
    return true;
}

int ift_protobuf_next(struct ift_protobuf *r, struct ift_protobuf_field *field) {
    if (r->p == r->end) return 0;
    uint64_t tag;
    if (!read_varint(r, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX) return -1;
    *field = (struct ift_protobuf_field){.number = (uint32_t)(tag >> 3), .wire = tag & 7};
    switch (tag & 7) {
    case IFT_PROTOBUF_VARINT:
        return read_varint(r, &field->value) ? 1 : -1;
    case IFT_PROTOBUF_FIXED64:
        return read_fixed(r, 8, &field->value) ? 1 : -1;
    case IFT_PROTOBUF_FIXED32:
        return read_fixed(r, 4, &field->value) ? 1 : -1;
    case IFT_PROTOBUF_BYTES:
        if (!read_varint(r, &field->value) || field->value > (uint64_t)(r->end - r->p)) return -1;
        field->bytes = (struct ift_slice){r->p, (size_t)field->value};
        r->p += field->value;
        return 1;
    default:
        return -1;
    }
}
