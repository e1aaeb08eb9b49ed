/* parquet_meta.h: what a Parquet file says of itself: the footer, and the header of each page
 * (parquet.thrift of the format's specification). These functions read those structs and check that
 * numbers can be meant; whether this reader can do what they ask is for others to say.
 *
 * The footer stays the bytes it is; a row group is read from it when its turn comes, so memory does
 * not depend on how many there are.
 */
#ifndef IFT_PARQUET_META_H
#define IFT_PARQUET_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/thrift.h"

/* Type of parquet.thrift: how values are stored. */
enum ift_parquet_physical {
    IFT_PARQUET_BOOLEAN,
    IFT_PARQUET_INT32,
    IFT_PARQUET_INT64,
    IFT_PARQUET_INT96,
    IFT_PARQUET_FLOAT,
    IFT_PARQUET_DOUBLE,
    IFT_PARQUET_BYTES,
    IFT_PARQUET_FIXED,
    IFT_PARQUET_GROUP = -1,
};

enum ift_parquet_repetition { IFT_PARQUET_REQUIRED, IFT_PARQUET_OPTIONAL, IFT_PARQUET_REPEATED };

/* What stored values mean: the union LogicalType, or the older ConvertedType, whose names for one
 * thing are brought together here. */
enum ift_parquet_meaning {
    IFT_PARQUET_AS_STORED,
    IFT_PARQUET_STRING, /* ENUM and JSON too: text */
    IFT_PARQUET_LIST,
    IFT_PARQUET_MAP,
    IFT_PARQUET_DECIMAL,
    IFT_PARQUET_DATE,
    IFT_PARQUET_TIME,
    IFT_PARQUET_TIMESTAMP,
    IFT_PARQUET_SIGNED,
    IFT_PARQUET_UNSIGNED,
    IFT_PARQUET_NULL,
    IFT_PARQUET_UUID,
    IFT_PARQUET_FLOAT16,
    IFT_PARQUET_UNREAD, /* one that this reader does not know; `unread` names it */
};

/* SchemaElement. */
struct ift_parquet_element {
    struct ift_slice name; /* in the footer */
    enum ift_parquet_physical physical;
    enum ift_parquet_repetition repetition;
    size_t children; /* of a group */
    int width;       /* bytes of a FIXED value */
    enum ift_parquet_meaning meaning;
    int scale;  /* DECIMAL */
    int digits; /* TIME, TIMESTAMP: of the fraction of a second: 3, 6, 9 */
    bool utc;   /* TIMESTAMP: an instant, not a local time */
    const char *unread;
};

struct ift_parquet_footer {
    struct ift_str bytes;
    struct ift_parquet_element *element; /* depth first; the first is the root */
    size_t nelements;
    uint64_t rows;
    struct ift_thrift groups; /* at the next row group */
    size_t groups_left;
};

/* ColumnChunk and its ColumnMetaData. */
struct ift_parquet_chunk {
    int64_t codec;
    uint64_t entries; /* values, nulls and empty lists */
    uint64_t at;      /* of the first page */
    enum ift_parquet_physical physical;
};

/* All n bytes from `at`; fewer are an error. */
int ift_parquet_read_at(int fd, void *to, size_t n, uint64_t at,
                        struct ift_err *err) IFT_MUST_CHECK;

/* Reads the footer of the open file. Says so when the file is no Parquet file, is cut, or is
 * encrypted. */
int ift_parquet_footer_read(struct ift_parquet_footer *f, int fd,
                            struct ift_err *err) IFT_MUST_CHECK;
void ift_parquet_footer_release(struct ift_parquet_footer *f);
/* The next row group, which must have n columns: 1, 0 at the end, -1. */
int ift_parquet_footer_group(struct ift_parquet_footer *f, struct ift_parquet_chunk *chunk,
                             size_t n, uint64_t *rows, struct ift_err *err) IFT_MUST_CHECK;

enum ift_parquet_page_type {
    IFT_PARQUET_DATA = 0,
    IFT_PARQUET_INDEX = 1,
    IFT_PARQUET_DICTIONARY = 2,
    IFT_PARQUET_DATA_V2 = 3,
};

/* PageHeader. */
struct ift_parquet_page {
    int64_t type;
    uint32_t size, stored; /* bytes: of the page, and as stored */
    bool has_crc, is_compressed;
    uint32_t crc;
    uint32_t entries;
    int64_t encoding, def_encoding, rep_encoding;
    uint32_t def_size, rep_size; /* DATA_V2 */
};

/* Reads a page header at the start of n bytes: how many it takes; 0 when it does not end within
 * them; -1 when it is wrong. */
int ift_parquet_page_read(struct ift_parquet_page *page, const unsigned char *p, size_t n);

#endif
