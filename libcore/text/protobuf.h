/* protobuf.h: reads Protocol Buffers, field by field, as the wire format spells them. It knows no
 * schema and trusts nothing: lengths are checked against what is left, and what it lends lies
 * inside the message. Private to text.
 *
 *     struct ift_protobuf r = {p, p + n};
 *     struct ift_protobuf_field f;
 *     int got;
 *     while ((got = ift_protobuf_next(&r, &f)) > 0) if (f.number == 1) …
 *     if (got < 0) … malformed
 */
#ifndef IFT_PROTOBUF_H
#define IFT_PROTOBUF_H

#include <stdint.h>

#include "libcore/base/str.h"

struct ift_protobuf {
    const char *p, *end;
};

enum ift_protobuf_wire {
    IFT_PROTOBUF_VARINT = 0,
    IFT_PROTOBUF_FIXED64 = 1,
    IFT_PROTOBUF_BYTES = 2,
    IFT_PROTOBUF_FIXED32 = 5
};

struct ift_protobuf_field {
    uint32_t number;
    enum ift_protobuf_wire wire;
    uint64_t value;         /* numbers; fixed32 in the low half */
    struct ift_slice bytes; /* strings and messages */
};

/* 1: a field, 0: the end of the message, -1: malformed, cut, or an obsolete group. */
int ift_protobuf_next(struct ift_protobuf *r, struct ift_protobuf_field *field);

#endif
