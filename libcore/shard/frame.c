#include "libcore/shard/frame.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "libcore/base/mem.h"
#include "libcore/shard/shard.h"

/* ---- totals ---- */

void ift_frame_totals_init(struct ift_frame_totals *t) {
    *t = (struct ift_frame_totals){.bytes = ift_hasher_new(), .payload = ift_hasher_new()};
}

void ift_frame_totals_release(struct ift_frame_totals *t) {
    ift_hasher_free(t->bytes);
    ift_hasher_free(t->payload);
    free(t->block);
    *t = (struct ift_frame_totals){0};
}

void ift_frame_totals_block(struct ift_frame_totals *t, uint64_t at, uint64_t rows) {
    t->block = ift_grow(t->block, 2 * (t->nblocks + 1), &t->cap, sizeof *t->block);
    t->block[2 * t->nblocks] = at;
    t->block[2 * t->nblocks++ + 1] = rows;
}

void ift_frame_totals_row(struct ift_frame_totals *t, const struct ift_row *row) {
    t->rows++;
    t->tokens += row->n;
    t->learned += ift_row_learned(row);
}

void ift_frame_totals_print(const struct ift_frame_totals *t, struct ift_str *out) {
    char digest[IFT_DIGEST];
    ift_str_addf(out,
                 "{\"rows\":%" PRIu64 ",\"tokens\":%" PRIu64 ",\"learned\":%" PRIu64
                 ",\"blocks\":[",
                 t->rows, t->tokens, t->learned);
    for (size_t i = 0; i < t->nblocks; i++)
        ift_str_addf(out, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", t->block[2 * i],
                     t->block[2 * i + 1]);
    ift_digest_text(ift_hasher_value(t->payload), digest);
    ift_str_addf(out, "],\"payload\":\"%s\",", digest);
    ift_digest_text(ift_hasher_value(t->bytes), digest);
    ift_str_addf(out, "\"bytes\":\"%s\"}", digest);
}

/* ---- bytes ---- */

int ift_bytes_fill(struct ift_bytes *b, struct ift_err *err) {
    if (b->n > 0) return 1;
    if (b->ended) return 0;
    const int got = ift_in_block(b->in, &b->p, &b->n, err);
    b->ended = got == 0;
    b->failed = got < 0;
    return got;
}

/* ---- frames ---- */

struct ift_frames {
    struct ift_frame_totals totals;
    struct ift_str header, end, payload;
    size_t at;       /* in payload: where the next row begins */
    uint64_t offset; /* bytes of the shard that were read */
    uint64_t block_at, block_rows;
    bool wide; /* ids are u32 */
    uint32_t vocab_size;
    ZSTD_DCtx *zstd;
    int32_t *id;
    uint8_t *learn;
    uint32_t *doc;
    size_t cap_id, cap_learn, cap_doc;
};

struct ift_frames *ift_frames_new(void) {
    struct ift_frames *const f = ift_alloc0(1, sizeof *f);
    ift_frame_totals_init(&f->totals);
    f->zstd = ZSTD_createDCtx();
    if (!f->zstd) ift_out_of_memory(0);
    return f;
}

void ift_frames_free(struct ift_frames *f) {
    if (!f) return;
    ift_frame_totals_release(&f->totals);
    ift_str_release(&f->header);
    ift_str_release(&f->end);
    ift_str_release(&f->payload);
    ZSTD_freeDCtx(f->zstd);
    free(f->id);
    free(f->learn);
    free(f->doc);
    free(f);
}

const char *ift_frames_header(const struct ift_frames *f) {
    return f->header.p ? f->header.p : "";
}

const char *ift_frames_end(const struct ift_frames *f) {
    return f->end.p ? f->end.p : "";
}

uint64_t ift_frames_rows(const struct ift_frames *f) {
    return f->totals.rows;
}

static int cut(struct ift_err *err) {
    return IFT_FAIL(err, "the shard is cut short: its end record is missing");
}

static int damaged(struct ift_err *err) {
    return IFT_FAIL(err, "the shard is damaged");
}

/* Appends exactly n bytes of the stream, without trusting n: memory grows with what is really
 * there. */
static int take(struct ift_bytes *b, size_t n, struct ift_str *out, struct ift_err *err) {
    while (n > 0) {
        const int got = ift_bytes_fill(b, err);
        if (got <= 0) return got < 0 ? -1 : cut(err);
        const size_t k = b->n < n ? b->n : n;
        ift_str_add(out, b->p, k);
        b->p += k;
        b->n -= k;
        n -= k;
    }
    return 0;
}

/* The rest of a skippable frame, whose magic number was read: its JSON. */
static int read_skippable(struct ift_bytes *b, const char *tag, struct ift_str *raw,
                          struct ift_err *err) {
    IFT_TRY(take(b, IFT_FRAME_MAGIC, raw, err));
    const size_t n = ift_frame_load32(raw->p + IFT_FRAME_MAGIC);
    if (n < IFT_FRAME_TAG) return damaged(err);
    IFT_TRY(take(b, IFT_FRAME_TAG, raw, err));
    if (memcmp(raw->p + 2 * IFT_FRAME_MAGIC, tag, IFT_FRAME_TAG) != 0) return damaged(err);
    return take(b, n - IFT_FRAME_TAG, raw, err);
}

static struct ift_slice json_of(const struct ift_str *raw) {
    const size_t skip = 2 * IFT_FRAME_MAGIC + IFT_FRAME_TAG;
    return (struct ift_slice){raw->p + skip, raw->n - skip};
}

static int read_header(struct ift_frames *f, struct ift_bytes *b, struct ift_str *raw,
                       struct ift_err *err) {
    IFT_TRY(take(b, IFT_FRAME_MAGIC, raw, err));
    if (ift_frame_load32(raw->p) != IFT_FRAME_HEADER)
        return IFT_FAIL(err, "what follows the shard is not a shard");
    IFT_TRY(read_skippable(b, "IFTSHARD", raw, err));
    const struct ift_slice json = json_of(raw);
    ift_str_clear(&f->header);
    ift_str_add(&f->header, json.p, json.n);
    if (strlen(f->header.p) != f->header.n) return damaged(err);
    struct ift_str provenance = {0};
    struct ift_shard_meta meta;
    const int rc = ift_shard_meta_read(&meta, f->header.p, &provenance, err);
    ift_str_release(&provenance);
    IFT_TRY(rc);
    f->vocab_size = meta.vocab_size;
    f->wide = meta.vocab_size == 0 || meta.vocab_size > 0x10000;
    return 0;
}

int ift_frames_start(struct ift_frames *f, struct ift_bytes *b, struct ift_err *err) {
    const int got = ift_bytes_fill(b, err);
    if (got <= 0) return got;
    ift_frame_totals_release(&f->totals);
    ift_frame_totals_init(&f->totals);
    ift_str_clear(&f->payload);
    f->at = 0;
    struct ift_str raw = {0};
    const int rc = read_header(f, b, &raw, err);
    ift_hasher_add(f->totals.bytes, raw.p ? raw.p : "", raw.n);
    f->offset = raw.n;
    ift_str_release(&raw);
    return rc < 0 ? -1 : 1;
}

/* Feeds zstd until the frame is over; the magic number was read already. */
static int read_block(struct ift_frames *f, struct ift_bytes *b, const char *magic,
                      struct ift_err *err) {
    ZSTD_DCtx_reset(f->zstd, ZSTD_reset_session_only);
    ift_str_clear(&f->payload);
    f->at = 0;
    f->block_at = f->offset;
    f->block_rows = 0;
    bool first = true;
    for (size_t left = 1; left > 0;) {
        const int got = first ? 1 : ift_bytes_fill(b, err);
        if (got <= 0) return got < 0 ? -1 : cut(err);
        ZSTD_inBuffer in = {first ? magic : b->p, first ? (size_t)IFT_FRAME_MAGIC : b->n, 0};
        do {
            char *const room = ift_str_reserve(&f->payload, IFT_FRAME_BLOCK / 4);
            ZSTD_outBuffer out = {room, IFT_FRAME_BLOCK / 4, 0};
            left = ZSTD_decompressStream(f->zstd, &out, &in);
            if (ZSTD_isError(left))
                return IFT_FAIL(err, "the shard is damaged: %s", ZSTD_getErrorName(left));
            f->payload.n += out.pos;
            if (f->payload.n > IFT_FRAME_LONGEST)
                return IFT_FAIL(err, "the shard is damaged: a block without an end");
            if (out.pos < out.size && in.pos == in.size) break;
        } while (left > 0);
        ift_hasher_add(f->totals.bytes, in.src, in.pos);
        f->offset += in.pos;
        if (!first) {
            b->p += in.pos;
            b->n -= in.pos;
        }
        first = false;
    }
    ift_hasher_add(f->totals.payload, f->payload.p, f->payload.n);
    return 0;
}

/* Everything was counted on the way; the end record must be what those counts print. */
static int read_end(struct ift_frames *f, struct ift_bytes *b, const char *magic,
                    struct ift_err *err) {
    struct ift_str raw = {0}, computed = {0};
    ift_str_add(&raw, magic, IFT_FRAME_MAGIC);
    int rc = read_skippable(b, "IFTSHEND", &raw, err);
    if (rc == 0) {
        const struct ift_slice json = json_of(&raw);
        ift_frame_totals_print(&f->totals, &computed);
        if (!ift_slice_eq(json, ift_str_slice(&computed)))
            rc = IFT_FAIL(err,
                          "the shard is damaged: its end record does not describe what was read");
        ift_str_clear(&f->end);
        ift_str_add(&f->end, computed.p, computed.n);
    }
    ift_str_release(&raw);
    ift_str_release(&computed);
    return rc;
}

/* Unpacks the row at f->at. Sizes are checked before anything is believed. */
static int unpack(struct ift_frames *f, struct ift_row *row, struct ift_err *err) {
    const unsigned char *p = (const unsigned char *)f->payload.p + f->at;
    const size_t have = f->payload.n - f->at;
    if (have < 8) return damaged(err);
    const size_t n = ift_frame_load32(p), ndocs = ift_frame_load32(p + 4), width = f->wide ? 4 : 2;
    if (n == 0 || n > IFT_ROW_LONGEST || ndocs == 0 || ndocs > n) return damaged(err);
    const size_t need = 8 + 4 * ndocs + width * n + (n + 7) / 8;
    if (have < need) return damaged(err);
    f->id = ift_grow(f->id, n, &f->cap_id, sizeof *f->id);
    f->learn = ift_grow(f->learn, n, &f->cap_learn, sizeof *f->learn);
    f->doc = ift_grow(f->doc, ndocs, &f->cap_doc, sizeof *f->doc);
    p += 8;
    for (size_t i = 0; i < ndocs; i++, p += 4) f->doc[i] = ift_frame_load32(p);
    if (f->wide)
        for (size_t i = 0; i < n; i++, p += 4) f->id[i] = (int32_t)ift_frame_load32(p);
    else
        for (size_t i = 0; i < n; i++, p += 2) f->id[i] = p[0] | p[1] << 8;
    for (size_t i = 0; i < n; i++) f->learn[i] = p[i / 8] >> (i % 8) & 1;
    f->at += need;
    *row = (struct ift_row){f->id, f->learn, n, f->doc, ndocs};
    IFT_TRY(ift_row_check(row, err));
    for (size_t i = 0; f->vocab_size > 0 && i < n; i++)
        if ((uint32_t)f->id[i] >= f->vocab_size)
            return IFT_FAIL(err, "token %d in a vocabulary of %u", f->id[i], f->vocab_size);
    return 0;
}

int ift_frames_row(struct ift_frames *f, struct ift_bytes *b, struct ift_row *row,
                   struct ift_err *err) {
    while (f->at == f->payload.n) {
        if (f->payload.n > 0) ift_frame_totals_block(&f->totals, f->block_at, f->block_rows);
        ift_str_clear(&f->payload);
        f->at = 0;
        struct ift_str magic = {0};
        int rc = take(b, IFT_FRAME_MAGIC, &magic, err);
        const bool end = rc == 0 && ift_frame_load32(magic.p) == IFT_FRAME_END;
        if (rc == 0 && ift_frame_load32(magic.p) == IFT_FRAME_HEADER) rc = cut(err);
        if (rc == 0) rc = end ? read_end(f, b, magic.p, err) : read_block(f, b, magic.p, err);
        ift_str_release(&magic);
        IFT_TRY(rc);
        if (end) return 0;
        if (f->payload.n == 0) return damaged(err);
    }
    IFT_TRY(unpack(f, row, err));
    ift_frame_totals_row(&f->totals, row);
    f->block_rows++;
    return 1;
}
