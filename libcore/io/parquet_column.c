#include "libcore/io/parquet_column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "libcore/io/parquet_codec.h"

enum {
    HEADER = 256,          /* mostly enough for a page header */
    HEADER_MAX = 16 << 20, /* with statistics, which repeat values */
    RLE = 3,               /* the encoding of levels */
};

void ift_parquet_column_release(struct ift_parquet_column *c) {
    ift_str_release(&c->page);
    ift_str_release(&c->stored);
    ift_str_release(&c->dictionary_page);
    ift_parquet_dictionary_release(&c->dictionary);
    ift_parquet_values_release(&c->values);
}

/* ---- bytes ---- */

/* Reads the header of the next page and goes to the page's bytes. */
static int read_header(struct ift_parquet_column *c, struct ift_parquet_page *page,
                       struct ift_err *err) {
    for (size_t n = HEADER; n <= HEADER_MAX; n *= 4) {
        if (n > c->end - c->at) n = (size_t)(c->end - c->at);
        unsigned char *const p = (unsigned char *)ift_str_reserve(&c->stored, n);
        IFT_TRY(ift_parquet_read_at(c->fd, p, n, c->at, err));
        const int got = ift_parquet_page_read(page, p, n);
        if (got < 0) return IFT_FAIL(err, "damaged: no page header");
        if (got > 0) {
            c->at += (uint64_t)got;
            return 0;
        }
        if (n == c->end - c->at) break;
    }
    return IFT_FAIL(err, "damaged: a page header without end");
}

/* Undoes the compression of page->stored bytes at p, of which those of version 2's levels have
 * none. */
static int decompress(const struct ift_parquet_column *c, const struct ift_parquet_page *page,
                      const unsigned char *p, unsigned char *out, struct ift_err *err) {
    const size_t levels = (size_t)page->rep_size + page->def_size;
    const size_t n = page->stored - levels, out_n = page->size - levels;
    const int64_t codec = page->is_compressed ? c->codec : IFT_PARQUET_UNCOMPRESSED;
    memcpy(out, p, levels);
    if ((n == 0 && out_n == 0) || ift_parquet_decompress(codec, p + levels, n, out + levels, out_n))
        return 0;
    return IFT_FAIL(err, "damaged: its %s data cannot be decompressed",
                    ift_parquet_codec_name(codec));
}

/* Reads the bytes of a page into `to`. */
static int read_page(struct ift_parquet_column *c, const struct ift_parquet_page *page,
                     struct ift_str *to, struct ift_err *err) {
    const uint64_t levels = (uint64_t)page->rep_size + page->def_size;
    const bool plain = c->codec == IFT_PARQUET_UNCOMPRESSED || !page->is_compressed;
    if (page->stored > c->end - c->at)
        return IFT_FAIL(err, "damaged: a page of %" PRIu32 " bytes is longer than the file",
                        page->stored);
    if (levels > page->stored || levels > page->size || (plain && page->stored != page->size) ||
        !ift_parquet_codec_plausible(c->codec, page->stored, plain ? 0 : page->size))
        return IFT_FAIL(err, "damaged: %" PRIu32 " bytes cannot be a page of %" PRIu32,
                        page->stored, page->size);
    ift_str_clear(to);
    unsigned char *const out = (unsigned char *)ift_str_reserve(to, page->size);
    unsigned char *const in =
        plain ? out : (unsigned char *)ift_str_reserve(&c->stored, page->stored);
    IFT_TRY(ift_parquet_read_at(c->fd, in, page->stored, c->at, err));
    c->at += page->stored;
    if (page->has_crc && crc32(0, in, page->stored) != page->crc)
        return IFT_FAIL(err, "damaged: its checksum does not agree");
    to->n = page->size;
    return plain ? 0 : decompress(c, page, in, out, err);
}

/* ---- pages ---- */

static int begin_dictionary(struct ift_parquet_column *c, const struct ift_parquet_page *page,
                            struct ift_err *err) {
    if (c->has_dictionary) return IFT_FAIL(err, "damaged: a second dictionary");
    c->has_dictionary = true;
    IFT_TRY(read_page(c, page, &c->dictionary_page, err));
    return ift_parquet_dictionary_begin(&c->dictionary, c->leaf->type,
                                        ift_str_slice(&c->dictionary_page), page->entries, err);
}

static unsigned bits_for(unsigned max) {
    unsigned bits = 0;
    while (max >> bits) bits++;
    return bits;
}

/* Takes the levels from the front of a page: n bytes of them, or, in version 1, as many as the four
 * bytes before them say. */
static int begin_levels(struct ift_parquet_levels *l, struct ift_slice *page, bool counted,
                        size_t n, int64_t encoding, struct ift_err *err) {
    if (!counted && l->max == 0) return 0;
    if (!counted) {
        if (encoding != RLE)
            return IFT_FAIL(err, "levels encoded as BIT_PACKED, which cannot be read");
        if (page->n < 4) return IFT_FAIL(err, "damaged: it ends within its levels");
        const unsigned char *const p = (const unsigned char *)page->p;
        n = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
        *page = (struct ift_slice){page->p + 4, page->n - 4};
    }
    if (n > page->n) return IFT_FAIL(err, "damaged: it ends within its levels");
    ift_parquet_runs_begin(&l->runs, (const unsigned char *)page->p, n, bits_for(l->max));
    *page = (struct ift_slice){page->p + n, page->n - n};
    return 0;
}

static int begin_data(struct ift_parquet_column *c, const struct ift_parquet_page *page,
                      struct ift_err *err) {
    const bool v2 = page->type == IFT_PARQUET_DATA_V2;
    if (page->entries > c->entries_left)
        return IFT_FAIL(err, "damaged: more values than its column has");
    IFT_TRY(read_page(c, page, &c->page, err));
    struct ift_slice rest = ift_str_slice(&c->page);
    IFT_TRY(begin_levels(&c->reps, &rest, v2, page->rep_size, page->rep_encoding, err));
    IFT_TRY(begin_levels(&c->defs, &rest, v2, page->def_size, page->def_encoding, err));
    c->page_left = page->entries;
    c->entries_left -= page->entries;
    return ift_parquet_values_begin(&c->values, c->leaf->type, &c->dictionary, page->encoding, rest,
                                    err);
}

static int next_page(struct ift_parquet_column *c, struct ift_err *err) {
    struct ift_parquet_page page;
    const uint64_t at = c->at;
    int rc = read_header(c, &page, err);
    if (rc == 0 && page.type == IFT_PARQUET_DICTIONARY) {
        rc = begin_dictionary(c, &page, err);
    } else if (rc == 0 && (page.type == IFT_PARQUET_DATA || page.type == IFT_PARQUET_DATA_V2)) {
        rc = begin_data(c, &page, err);
    } else if (rc == 0) { /* an index, say */
        if (page.stored > c->end - c->at) rc = IFT_FAIL(err, "damaged: longer than the file");
        c->at += rc == 0 ? page.stored : 0;
    }
    return rc == 0 ? 0 : ift_fail_in(err, "page at byte %" PRIu64, at);
}

/* ---- entries ---- */

static int read_levels(struct ift_parquet_levels *l, size_t n, struct ift_err *err) {
    if (l->max == 0) return 0; /* and so is all of the batch */
    size_t wrong = ift_parquet_runs_read(&l->runs, l->batch, n) < n;
    for (size_t i = 0; i < n && !wrong; i++) wrong = l->batch[i] > l->max;
    return wrong ? IFT_FAIL(err, "damaged: levels that its schema does not have") : 0;
}

int ift_parquet_column_more(struct ift_parquet_column *c, struct ift_err *err) {
    while (c->page_left == 0) {
        if (c->entries_left == 0) {
            c->ended = true;
            c->def = c->rep = 0;
            return 0;
        }
        if (c->at >= c->end) return IFT_FAIL(err, "damaged: it ends before its last value");
        IFT_TRY(next_page(c, err));
    }
    const size_t n = c->page_left < IFT_PARQUET_BATCH ? c->page_left : IFT_PARQUET_BATCH;
    IFT_TRY(read_levels(&c->defs, n, err));
    IFT_TRY(read_levels(&c->reps, n, err));
    c->page_left -= (uint32_t)n;
    c->nbatch = n;
    c->taken = 0;
    return ift_parquet_column_step(c, err);
}

int ift_parquet_column_begin(struct ift_parquet_column *c, int fd,
                             const struct ift_parquet_leaf *leaf,
                             const struct ift_parquet_chunk *chunk, uint64_t end,
                             struct ift_err *err) {
    if (!ift_parquet_codec_known(chunk->codec)) {
        const char *const name = ift_parquet_codec_name(chunk->codec);
        return IFT_FAIL(err, "compressed by %s, which cannot be read",
                        name ? name : "an unknown codec");
    }
    if (chunk->physical != leaf->type->physical || chunk->at > end)
        return IFT_FAIL(err, "damaged: a row group that does not fit its schema");
    c->fd = fd;
    c->leaf = leaf;
    c->at = chunk->at;
    c->end = end;
    c->codec = chunk->codec;
    c->entries_left = chunk->entries;
    c->page_left = 0;
    c->taken = c->nbatch = 0;
    c->ended = c->has_dictionary = false;
    c->dictionary.n = 0;
    c->defs.max = leaf->max_def;
    c->reps.max = leaf->max_rep;
    return ift_parquet_column_more(c, err);
}
