#include "libcore/shard/shard.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/shard/block.h"

enum { VERSION = 1 };

struct ift_shard {
    const char *name; /* of the output */
    struct ift_frame_totals totals;
    struct ift_blocks *blocks;
    uint32_t vocab_size;
    struct ift_str row;
};

/* ---- header ---- */

static void add_id(struct ift_str *out, const char *key, int32_t id) {
    if (id < 0)
        ift_str_addf(out, "\"%s\":null,", key);
    else
        ift_str_addf(out, "\"%s\":%d,", key, id);
}

static bool is_wide(uint32_t vocab_size) {
    return vocab_size == 0 || vocab_size > 0x10000;
}

static void print_header(const struct ift_shard_meta *m, struct ift_str *out) {
    char digest[IFT_DIGEST];
    ift_str_addf(out, "{\"version\":%d,\"id_bits\":%d,\"vocab_size\":%u,", VERSION,
                 is_wide(m->vocab_size) ? 32 : 16, m->vocab_size);
    ift_digest_text(m->vocab_digest, digest);
    if (m->vocab_digest != 0)
        ift_str_addf(out, "\"vocab_digest\":\"%s\",", digest);
    else
        ift_str_adds(out, "\"vocab_digest\":null,");
    add_id(out, "bos", m->bos);
    add_id(out, "eos", m->eos);
    add_id(out, "pad", m->pad);
    ift_str_addf(out, "\"provenance\":%s}", m->provenance && *m->provenance ? m->provenance : "[]");
}

static int read_digest(const struct ift_json *doc, uint64_t *digest, struct ift_err *err) {
    struct ift_str text = {0};
    *digest = 0;
    IFT_TRY(ift_json_get_str(doc, 0, "vocab_digest", "", &text, err));
    int rc = 0;
    if (text.n > 0) {
        char again[IFT_DIGEST];
        *digest = text.n > 5 ? strtoull(text.p + 5, NULL, 16) : 0;
        ift_digest_text(*digest, again);
        if (strcmp(again, text.p) != 0) rc = IFT_FAIL(err, "\"vocab_digest\" is no digest");
    }
    ift_str_release(&text);
    return rc;
}

static int read_id(const struct ift_json *doc, const char *key, int32_t *id, struct ift_err *err) {
    int64_t value;
    IFT_TRY(ift_json_get_i64(doc, 0, key, -1, &value, err));
    if (value < -1 || value > INT32_MAX) return IFT_FAIL(err, "\"%s\" is no token", key);
    *id = (int32_t)value;
    return 0;
}

static int read_meta(struct ift_shard_meta *m, const struct ift_json *doc,
                     struct ift_str *provenance, struct ift_err *err) {
    int64_t version, bits, size;
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "no object");
    IFT_TRY(ift_json_get_i64(doc, 0, "version", 0, &version, err));
    if (version != VERSION)
        return IFT_FAIL(err, "version %lld, this program knows %d", (long long)version, VERSION);
    IFT_TRY(ift_json_get_i64(doc, 0, "id_bits", 0, &bits, err));
    IFT_TRY(ift_json_get_i64(doc, 0, "vocab_size", 0, &size, err));
    if (size < 0 || size > INT32_MAX || bits != (size > 0 && size <= 0x10000 ? 16 : 32))
        return IFT_FAIL(err, "%lld bits for %lld ids", (long long)bits, (long long)size);
    m->vocab_size = (uint32_t)size;
    IFT_TRY(read_digest(doc, &m->vocab_digest, err));
    IFT_TRY(read_id(doc, "bos", &m->bos, err));
    IFT_TRY(read_id(doc, "eos", &m->eos, err));
    IFT_TRY(read_id(doc, "pad", &m->pad, err));
    const int steps = ift_json_get(doc, 0, "provenance");
    if (!ift_json_is(doc, steps, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "\"provenance\" is no array");
    const struct ift_slice raw = ift_json_raw(doc, steps);
    ift_str_clear(provenance);
    ift_str_add(provenance, raw.p, raw.n);
    m->provenance = provenance->p;
    return 0;
}

int ift_shard_meta_read(struct ift_shard_meta *meta, const char *header, struct ift_str *provenance,
                        struct ift_err *err) {
    *meta = (struct ift_shard_meta){.bos = -1, .eos = -1, .pad = -1, .provenance = "[]"};
    if (!*header) return 0;
    struct ift_json doc = {0};
    int rc = ift_json_parse(&doc, header, strlen(header), err);
    if (rc == 0) rc = read_meta(meta, &doc, provenance, err);
    ift_json_release(&doc);
    return rc < 0 ? ift_fail_in(err, "the shard's header") : 0;
}

/* ---- writing ---- */

static void store32(struct ift_str *out, size_t x) {
    const char b[4] = {(char)(x & 255), (char)(x >> 8 & 255), (char)(x >> 16 & 255),
                       (char)(x >> 24 & 255)};
    ift_str_add(out, b, 4);
}

static int put_skippable(struct ift_shard *s, uint32_t magic, const char *tag,
                         const struct ift_str *json, struct ift_err *err) {
    if (json->n > UINT32_MAX - IFT_FRAME_TAG)
        return IFT_FAIL(err, "%s: a header of %zu bytes", s->name, json->n);
    struct ift_str frame = {0};
    store32(&frame, magic);
    store32(&frame, IFT_FRAME_TAG + json->n);
    ift_str_adds(&frame, tag);
    ift_str_add(&frame, json->p, json->n);
    const int rc = ift_blocks_put(s->blocks, frame.p, frame.n, err);
    ift_str_release(&frame);
    return rc;
}

int ift_shard_start(struct ift_shard **shard, struct ift_out *out,
                    const struct ift_shard_meta *meta, struct ift_err *err) {
    struct ift_shard *const s = *shard = ift_alloc0(1, sizeof *s);
    s->name = ift_out_name(out);
    s->vocab_size = meta->vocab_size;
    ift_frame_totals_init(&s->totals);
    s->blocks = ift_blocks_new(out, &s->totals);
    struct ift_str header = {0};
    print_header(meta, &header);
    const int rc = put_skippable(s, IFT_FRAME_HEADER, "IFTSHARD", &header, err);
    ift_str_release(&header);
    if (rc == 0) return 0;
    ift_shard_abandon(s);
    *shard = NULL;
    return -1;
}

/* Eight marks, a byte each, as bits. */
static unsigned marks(const uint8_t *learn, size_t n) {
    uint64_t eight = 0;
    for (size_t i = 0; i < n && i < 8; i++) eight |= (uint64_t)learn[i] << 8 * i;
    return (unsigned)(eight * 0x0102040810204080u >> 56);
}

int ift_shard_pack(uint32_t vocab_size, const struct ift_row *row, struct ift_str *rows,
                   struct ift_err *err) {
    const bool wide = is_wide(vocab_size);
    IFT_TRY(ift_row_check(row, err));
    for (size_t i = 0; vocab_size > 0 && i < row->n; i++)
        if ((uint32_t)row->id[i] >= vocab_size)
            return IFT_FAIL(err, "token %d in a vocabulary of %u", row->id[i], vocab_size);
    store32(rows, row->n);
    store32(rows, row->ndocs);
    for (size_t i = 0; i < row->ndocs; i++) store32(rows, row->doc[i]);
    unsigned char *p = (unsigned char *)ift_str_reserve(rows, 4 * row->n + row->n / 8 + 1);
    const unsigned char *const from = p;
    for (size_t i = 0; i < row->n; i++) {
        const uint32_t id = (uint32_t)row->id[i];
        *p++ = (unsigned char)id;
        *p++ = (unsigned char)(id >> 8);
        if (!wide) continue;
        *p++ = (unsigned char)(id >> 16);
        *p++ = (unsigned char)(id >> 24);
    }
    for (size_t i = 0; i < row->n; i += 8) *p++ = (unsigned char)marks(row->learn + i, row->n - i);
    rows->n += (size_t)(p - from);
    return 0;
}

/* The length of the packed row at p, which is counted. The first token of a document is never
 * learned (row.h). */
static size_t count_packed(struct ift_frame_totals *t, bool wide, const char *p) {
    const size_t n = ift_frame_load32(p), ndocs = ift_frame_load32(p + 4);
    const char *const doc = p + 8, *const learn = doc + 4 * ndocs + (wide ? 4 : 2) * n;
    const size_t bytes = (n + 7) / 8;
    t->rows++;
    t->tokens += n;
    for (size_t i = 0; i < bytes; i++) t->learned += (unsigned)__builtin_popcount(learn[i] & 255);
    for (size_t d = 0, at = 0; d < ndocs; at += ift_frame_load32(doc + 4 * d++))
        t->learned -= learn[at / 8] >> (at % 8) & 1;
    return (size_t)(learn - p) + bytes;
}

void ift_shard_add_packed(struct ift_shard *s, struct ift_slice rows) {
    const bool wide = is_wide(s->vocab_size);
    for (size_t at = 0, n; at < rows.n; at += n) {
        n = count_packed(&s->totals, wide, rows.p + at);
        ift_blocks_add(s->blocks, (struct ift_slice){rows.p + at, n});
    }
}

int ift_shard_compress(struct ift_shard *s, struct ift_err *err) {
    return ift_blocks_compress(s->blocks, err);
}

int ift_shard_add(struct ift_shard *s, const struct ift_row *row, struct ift_err *err) {
    ift_str_clear(&s->row);
    IFT_TRY(ift_shard_pack(s->vocab_size, row, &s->row, err));
    ift_shard_add_packed(s, ift_str_slice(&s->row));
    return ift_shard_compress(s, err);
}

int ift_shard_finish(struct ift_shard *s, struct ift_err *err) {
    struct ift_str end = {0};
    ift_blocks_close(s->blocks);
    int rc = ift_shard_compress(s, err);
    if (rc == 0) {
        ift_frame_totals_print(&s->totals, &end);
        rc = put_skippable(s, IFT_FRAME_END, "IFTSHEND", &end, err);
    }
    ift_str_release(&end);
    ift_shard_abandon(s);
    return rc;
}

void ift_shard_abandon(struct ift_shard *s) {
    if (!s) return;
    ift_frame_totals_release(&s->totals);
    ift_blocks_free(s->blocks);
    ift_str_release(&s->row);
    free(s);
}
