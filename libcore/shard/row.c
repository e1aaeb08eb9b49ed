#include "libcore/shard/row.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/shard/frame.h"
#include "libcore/shard/shard.h"

size_t ift_row_learned(const struct ift_row *row) {
    size_t n = 0, at = 0;
    for (size_t i = 0; i < row->n; i++) n += row->learn[i];
    for (size_t d = 0; d < row->ndocs; at += row->doc[d++]) n -= row->learn[at];
    return n;
}

int ift_row_check(const struct ift_row *row, struct ift_err *err) {
    if (row->n == 0) return IFT_FAIL(err, "a row without tokens");
    if (row->n > IFT_ROW_LONGEST)
        return IFT_FAIL(err, "a row of %zu tokens, at most %d can be one", row->n, IFT_ROW_LONGEST);
    if (row->ndocs == 0) return IFT_FAIL(err, "a row without documents");
    uint64_t sum = 0;
    for (size_t i = 0; i < row->ndocs; i++) {
        if (row->doc[i] == 0) return IFT_FAIL(err, "a document without tokens");
        sum += row->doc[i];
    }
    if (sum != row->n)
        return IFT_FAIL(err, "document lengths sum to %" PRIu64 ", the row has %zu tokens", sum,
                        row->n);
    for (size_t i = 0; i < row->n; i++) {
        if (row->id[i] < 0) return IFT_FAIL(err, "token %d is negative", row->id[i]);
        if (row->learn[i] > 1) return IFT_FAIL(err, "a mark that is neither 0 nor 1");
    }
    return 0;
}

static void print_number(struct ift_str *out, uint64_t x) {
    char digit[20];
    size_t n = 0;
    do digit[n++] = (char)('0' + x % 10);
    while ((x /= 10) > 0);
    char *const p = ift_str_reserve(out, n);
    for (size_t i = 0; i < n; i++) p[i] = digit[n - 1 - i];
    out->n += n;
}

void ift_row_print(struct ift_str *out, const struct ift_row *row) {
    ift_str_adds(out, "{\"ids\":[");
    for (size_t i = 0; i < row->n; i++) {
        if (i > 0) ift_str_addc(out, ',');
        print_number(out, (uint64_t)row->id[i]);
    }
    ift_str_adds(out, "],\"labels\":[");
    for (size_t i = 0; i < row->n; i++) {
        if (i > 0) ift_str_addc(out, ',');
        if (row->learn[i])
            print_number(out, (uint64_t)row->id[i]);
        else
            ift_str_add(out, "-100", 4);
    }
    if (row->ndocs > 1) {
        ift_str_adds(out, "],\"docs\":[");
        for (size_t i = 0; i < row->ndocs; i++) {
            if (i > 0) ift_str_addc(out, ',');
            print_number(out, row->doc[i]);
        }
    }
    ift_str_adds(out, "]}");
}

/* ---- where rows come from ---- */

struct ift_rows {
    struct ift_in *in;
    struct ift_bytes bytes;
    enum { BETWEEN, SHARD, TEXT } state;
    struct ift_frames *frames;
    struct ift_str where, known_in; /* known_in: the shard that known_digest is from */
    uint64_t known_digest;

    /* JSONL */
    struct ift_str line;
    size_t number, nids;
    struct ift_json doc;
    int32_t *id;
    uint8_t *learn;
    uint32_t *length;
    size_t cap_id, cap_learn, cap_length;
};

int ift_rows_open(struct ift_rows **rows, const char *const *paths, size_t n, struct ift_err *err) {
    struct ift_in *in;
    IFT_TRY(ift_in_open(&in, paths, n, NULL, err));
    *rows = ift_alloc0(1, sizeof **rows);
    (*rows)->in = (*rows)->bytes.in = in;
    (*rows)->frames = ift_frames_new();
    return 0;
}

void ift_rows_free(struct ift_rows *r) {
    if (!r) return;
    ift_in_free(r->in);
    ift_frames_free(r->frames);
    ift_str_release(&r->where);
    ift_str_release(&r->known_in);
    ift_str_release(&r->line);
    ift_json_release(&r->doc);
    free(r->id);
    free(r->learn);
    free(r->length);
    free(r);
}

const char *ift_rows_where(const struct ift_rows *rows) {
    return rows->where.p ? rows->where.p : "";
}

const char *ift_rows_header(const struct ift_rows *rows) {
    return ift_frames_header(rows->frames);
}

const char *ift_rows_end(const struct ift_rows *rows) {
    return ift_frames_end(rows->frames);
}

/* Two shards of different vocabularies would train one model on two languages. */
static int check_vocabulary(struct ift_rows *r, struct ift_err *err) {
    struct ift_shard_meta meta;
    struct ift_str provenance = {0};
    const int rc = ift_shard_meta_read(&meta, ift_frames_header(r->frames), &provenance, err);
    ift_str_release(&provenance);
    IFT_TRY(rc);
    if (meta.vocab_digest == 0) return 0;
    if (r->known_digest != 0 && r->known_digest != meta.vocab_digest)
        return IFT_FAIL(err, "its vocabulary is not that of %s", r->known_in.p);
    r->known_digest = meta.vocab_digest;
    ift_str_clear(&r->known_in);
    ift_str_adds(&r->known_in, ift_in_name(r->in));
    return 0;
}

/* Puts the place in front of a message; what the stream itself says has its name already. */
static int fail_at(struct ift_rows *r, const char *where, struct ift_err *err) {
    return r->bytes.failed ? -1 : ift_fail_in(err, "%s", where);
}

static int start_shard(struct ift_rows *r, struct ift_err *err) {
    const int got = ift_frames_start(r->frames, &r->bytes, err);
    if (got > 0 && check_vocabulary(r, err) == 0) return 1;
    return got == 0 ? 0 : fail_at(r, ift_in_name(r->in), err);
}

/* Opens the next member: 1, 0, -1. */
static int next_member(struct ift_rows *r, struct ift_err *err) {
    const int got = ift_in_next(r->in, err);
    if (got <= 0) return got;
    r->bytes = (struct ift_bytes){.in = r->in};
    r->number = 0;
    const int some = ift_bytes_fill(&r->bytes, err);
    if (some < 0) return -1;
    static const char magic[] = {0x50, 0x2a, 0x4d, 0x18};
    const size_t n = r->bytes.n < sizeof magic ? r->bytes.n : sizeof magic;
    r->state = n > 0 && memcmp(r->bytes.p, magic, n) == 0 ? SHARD : TEXT;
    return r->state == SHARD ? start_shard(r, err) : 1;
}

/* The next line, without its end: 1, 0, -1. */
static int next_line(struct ift_rows *r, struct ift_err *err) {
    ift_str_clear(&r->line);
    for (;;) {
        const int got = ift_bytes_fill(&r->bytes, err);
        if (got < 0) return -1;
        if (got == 0) {
            if (r->line.n == 0) return 0;
            break;
        }
        const char *const end = memchr(r->bytes.p, '\n', r->bytes.n);
        const size_t n = end ? (size_t)(end - r->bytes.p) : r->bytes.n;
        ift_str_add(&r->line, r->bytes.p, n);
        r->bytes.p += n + (end != NULL);
        r->bytes.n -= n + (end != NULL);
        if (end) break;
    }
    r->number++;
    return 1;
}

/* Gives each number of an array to `take`. */
typedef int number_fn(struct ift_rows *r, size_t i, long long value, struct ift_err *err);
static int each_number(struct ift_rows *r, int array, const char *key, number_fn *take, size_t *n,
                       struct ift_err *err) {
    if (!ift_json_is(&r->doc, array, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "\"%s\" is no array", key);
    *n = 0;
    for (int v = ift_json_first(&r->doc, array); v >= 0; v = ift_json_next(&r->doc, array, v)) {
        long long value;
        if (!ift_json_is(&r->doc, v, IFT_JSON_NUMBER) ||
            !ift_parse_i64(ift_json_raw(&r->doc, v), &value))
            return IFT_FAIL(err, "\"%s\" holds something that is no whole number", key);
        IFT_TRY(take(r, (*n)++, value, err));
    }
    return 0;
}

static int take_id(struct ift_rows *r, size_t i, long long value, struct ift_err *err) {
    if (value < 0 || value > INT32_MAX) return IFT_FAIL(err, "token %lld is out of range", value);
    r->id = ift_grow(r->id, i + 1, &r->cap_id, sizeof *r->id);
    r->learn = ift_grow(r->learn, i + 1, &r->cap_learn, sizeof *r->learn);
    r->id[i] = (int32_t)value;
    r->nids = i + 1;
    return 0;
}

static int take_label(struct ift_rows *r, size_t i, long long value, struct ift_err *err) {
    if (i >= r->nids || (value != -100 && value != r->id[i]))
        return IFT_FAIL(err, "label %zu is %lld, expected the token itself or -100", i, value);
    r->learn[i] = value != -100;
    return 0;
}

static int take_length(struct ift_rows *r, size_t i, long long value, struct ift_err *err) {
    if (value < 1 || value > IFT_ROW_LONGEST)
        return IFT_FAIL(err, "a document of %lld tokens", value);
    r->length = ift_grow(r->length, i + 1, &r->cap_length, sizeof *r->length);
    r->length[i] = (uint32_t)value;
    return 0;
}

static int parse_line(struct ift_rows *r, struct ift_row *row, struct ift_err *err) {
    IFT_TRY(ift_json_parse(&r->doc, r->line.p, r->line.n, err));
    const int ids = ift_json_get(&r->doc, 0, "ids"), labels = ift_json_get(&r->doc, 0, "labels"),
              docs = ift_json_get(&r->doc, 0, "docs");
    size_t n, nlabels, ndocs = 1;
    if (ids < 0) return IFT_FAIL(err, "missing \"ids\"");
    IFT_TRY(each_number(r, ids, "ids", take_id, &n, err));
    if (n == 0) return IFT_FAIL(err, "a row without tokens");
    nlabels = n;
    if (labels >= 0)
        IFT_TRY(each_number(r, labels, "labels", take_label, &nlabels, err));
    else
        memset(r->learn, 1, n);
    if (nlabels != n) return IFT_FAIL(err, "%zu labels for %zu tokens", nlabels, n);
    if (docs >= 0)
        IFT_TRY(each_number(r, docs, "docs", take_length, &ndocs, err));
    else
        IFT_TRY(take_length(r, 0, (long long)n, err));
    *row = (struct ift_row){r->id, r->learn, n, r->length, ndocs};
    return ift_row_check(row, err);
}

static bool is_blank(const struct ift_str *line) {
    for (size_t i = 0; i < line->n; i++)
        if (!strchr(" \t\r", line->p[i]) || line->p[i] == '\0') return false;
    return true;
}

static int text_row(struct ift_rows *r, struct ift_row *row, struct ift_err *err) {
    do {
        const int got = next_line(r, err);
        if (got <= 0) return got;
    } while (is_blank(&r->line));
    ift_str_clear(&r->where);
    ift_str_addf(&r->where, "%s:%zu", ift_in_name(r->in), r->number);
    return parse_line(r, row, err) < 0 ? ift_fail_in(err, "%s", r->where.p) : 1;
}

static int shard_row(struct ift_rows *r, struct ift_row *row, struct ift_err *err) {
    ift_str_clear(&r->where);
    ift_str_addf(&r->where, "%s: row %" PRIu64, ift_in_name(r->in), ift_frames_rows(r->frames) + 1);
    const int got = ift_frames_row(r->frames, &r->bytes, row, err);
    return got < 0 ? fail_at(r, r->where.p, err) : got;
}

int ift_rows_peek(struct ift_rows *r, struct ift_err *err) {
    if (r->state == BETWEEN) IFT_TRY(next_member(r, err));
    return r->state == SHARD;
}

int ift_rows_next(struct ift_rows *r, struct ift_row *row, struct ift_err *err) {
    for (;;) {
        int got = r->state == BETWEEN ? next_member(r, err) : 1;
        if (got <= 0) return got;
        got = r->state == SHARD ? shard_row(r, row, err) : text_row(r, row, err);
        if (got != 0) return got;
        if (r->state == SHARD) got = start_shard(r, err); /* another one behind it? */
        if (got < 0) return -1;
        if (got == 0) r->state = BETWEEN;
    }
}
