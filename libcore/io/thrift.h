/* thrift.h: reading Thrift's compact protocol, the form of Parquet's footer and page headers.
 *
 * A reader is a place in borrowed bytes. Nothing is allocated and nothing behind `end` is touched:
 * what does not fit sets `failed`, from then on every value is 0 and every struct and list is over,
 * so that a caller asks once, after a whole struct. (Specification: thrift's
 * doc/specs/thrift-compact-protocol.md.)
 *
 *     struct ift_thrift_field f = {0};
 *     while (ift_thrift_field(&t, &f)) {
 *         if (f.id == 1 && f.type == IFT_THRIFT_I32) rows = ift_thrift_int(&t);
 *         else ift_thrift_skip(&t, f.type);
 *     }
 *     if (t.failed) …
 */
#ifndef IFT_THRIFT_H
#define IFT_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/str.h"

enum ift_thrift_type {
    IFT_THRIFT_STOP = 0,
    IFT_THRIFT_TRUE = 1, /* of a field, whose type is its value */
    IFT_THRIFT_FALSE = 2,
    IFT_THRIFT_BYTE = 3,
    IFT_THRIFT_I16 = 4,
    IFT_THRIFT_I32 = 5,
    IFT_THRIFT_I64 = 6,
    IFT_THRIFT_DOUBLE = 7,
    IFT_THRIFT_BINARY = 8,
    IFT_THRIFT_LIST = 9,
    IFT_THRIFT_SET = 10,
    IFT_THRIFT_MAP = 11,
    IFT_THRIFT_STRUCT = 12,
    IFT_THRIFT_UUID = 13,
};

struct ift_thrift {
    const unsigned char *p, *end;
    bool failed;
    bool cut; /* failed for want of more bytes, not for what they say */
};

/* A zeroed one begins a struct. */
struct ift_thrift_field {
    int id;
    enum ift_thrift_type type;
};

/* The next field of a struct; false at its end. Its value is to be read, or skipped, before the
 * next call. */
bool ift_thrift_field(struct ift_thrift *t, struct ift_thrift_field *f);
/* A value of one of the integer types, or a boolean of a list. */
int64_t ift_thrift_int(struct ift_thrift *t);
/* Unsigned, seven bits to a byte, as the protocol and Parquet's own encodings have it. */
uint64_t ift_thrift_varint(struct ift_thrift *t);
/* The same with the sign in the lowest bit. */
int64_t ift_thrift_zigzag(struct ift_thrift *t);
struct ift_slice ift_thrift_binary(struct ift_thrift *t);
/* How many elements of which type follow; never more than there are bytes. */
size_t ift_thrift_list(struct ift_thrift *t, enum ift_thrift_type *type);
/* Passes over a value, whatever is in it. */
void ift_thrift_skip(struct ift_thrift *t, enum ift_thrift_type type);

#endif
