#include "libcore/train/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"

/* What is kept of a row. Its tokens begin at `token`, its documents' lengths at `doc`. */
struct entry {
    uint64_t token;
    size_t doc;
    uint32_t n, ndocs, learned, longest;
};

struct ift_corpus {
    int64_t vocab, max_tokens;
    bool wide; /* 4 bytes an id */
    struct ift_hasher *digest;
    const struct ift_arch *arch; /* NULL: documents need no placing */
    const struct ift_config *config;
    struct entry *row;
    size_t rows, row_cap;
    unsigned char *id;   /* (tokens) u16 or u32 */
    size_t id_cap;       /* bytes */
    unsigned char *mark; /* one bit a token, low first */
    size_t mark_cap;
    uint64_t tokens;
    uint32_t *doc;
    size_t docs, doc_cap;
    int32_t *out_id; /* the row lent last */
    uint8_t *out_learn;
    size_t out_id_cap, out_learn_cap;
};

struct ift_corpus *ift_corpus_new(int64_t vocab, int64_t max_tokens) {
    struct ift_corpus *c = ift_alloc0(1, sizeof *c);
    c->vocab = vocab;
    c->max_tokens = max_tokens;
    c->wide = vocab > UINT16_MAX + 1;
    c->digest = ift_hasher_new();
    return c;
}

void ift_corpus_place(struct ift_corpus *c, const struct ift_arch *arch,
                      const struct ift_config *config) {
    c->arch = arch;
    c->config = config;
}

void ift_corpus_free(struct ift_corpus *c) {
    if (!c) return;
    ift_hasher_free(c->digest);
    free(c->row);
    free(c->id);
    free(c->mark);
    free(c->doc);
    free(c->out_id);
    free(c->out_learn);
    free(c);
}

static size_t width(const struct ift_corpus *c) {
    return c->wide ? sizeof(uint32_t) : sizeof(uint16_t);
}

static int check(const struct ift_corpus *c, const struct ift_row *row, const char *where,
                 struct ift_err *err) {
    for (size_t i = 0; i < row->n; i++) {
        if (row->id[i] < 0 || row->id[i] >= c->vocab)
            return IFT_FAIL(err,
                            "%s: token %zu is id %d, the model's vocabulary has %lld: tokenize "
                            "with the model's own vocabulary",
                            where, i + 1, row->id[i], (long long)c->vocab);
    }
    const int32_t *id = row->id;
    for (size_t i = 0; i < row->ndocs; id += row->doc[i++]) {
        struct ift_place place;
        if (ift_arch_place(c->arch, c->config, id, row->doc[i], &place, err) < 0)
            return ift_fail_in(err, "%s", where);
        if (row->doc[i] > c->max_tokens)
            return IFT_FAIL(err,
                            "%s: a document of %u tokens, the model has %lld positions: cut it "
                            "when tokenizing",
                            where, row->doc[i], (long long)c->max_tokens);
    }
    if (row->n > UINT32_MAX) return IFT_FAIL(err, "%s: %zu tokens in one row", where, row->n);
    if (ift_row_learned(row) == 0)
        return IFT_FAIL(err, "%s: no token of the row is learned", where);
    return 0;
}

static void add_tokens(struct ift_corpus *c, const struct ift_row *row) {
    c->id = ift_grow(c->id, (c->tokens + row->n) * width(c), &c->id_cap, 1);
    const size_t had = (c->tokens + 7) / 8, need = (c->tokens + row->n + 7) / 8;
    c->mark = ift_grow(c->mark, need, &c->mark_cap, 1);
    memset(c->mark + had, 0, need - had);
    for (size_t i = 0; i < row->n; i++) {
        const uint64_t at = c->tokens + i;
        if (c->wide)
            ((uint32_t *)(void *)c->id)[at] = (uint32_t)row->id[i];
        else
            ((uint16_t *)(void *)c->id)[at] = (uint16_t)row->id[i];
        c->mark[at / 8] |= (unsigned char)((row->learn[i] != 0) << at % 8);
    }
    c->tokens += row->n;
}

int ift_corpus_add(struct ift_corpus *c, const struct ift_row *row, const char *where,
                   struct ift_err *err) {
    IFT_TRY(check(c, row, where, err));
    struct entry e = {.token = c->tokens,
                      .doc = c->docs,
                      .n = (uint32_t)row->n,
                      .ndocs = (uint32_t)row->ndocs,
                      .learned = (uint32_t)ift_row_learned(row)};
    c->doc = ift_grow(c->doc, c->docs + row->ndocs, &c->doc_cap, sizeof *c->doc);
    for (size_t i = 0; i < row->ndocs; i++) {
        c->doc[c->docs++] = row->doc[i];
        if (row->doc[i] > e.longest) e.longest = row->doc[i];
    }
    add_tokens(c, row);
    c->row = ift_grow(c->row, c->rows + 1, &c->row_cap, sizeof *c->row);
    c->row[c->rows++] = e;

    ift_hasher_add(c->digest, &e.n, sizeof e.n);
    ift_hasher_add(c->digest, row->id, row->n * sizeof *row->id);
    ift_hasher_add(c->digest, row->learn, row->n);
    ift_hasher_add(c->digest, row->doc, row->ndocs * sizeof *row->doc);
    return 0;
}

int ift_corpus_read(struct ift_corpus *c, struct ift_rows *rows, struct ift_err *err) {
    struct ift_row row;
    for (;;) {
        const int got = ift_rows_next(rows, &row, err);
        if (got <= 0) return got;
        IFT_TRY(ift_corpus_add(c, &row, ift_rows_where(rows), err));
    }
}

size_t ift_corpus_rows(const struct ift_corpus *c) {
    return c->rows;
}

int64_t ift_corpus_tokens(const struct ift_corpus *c) {
    return (int64_t)c->tokens;
}

size_t ift_corpus_bytes(const struct ift_corpus *c) {
    return c->id_cap + c->mark_cap + c->doc_cap * sizeof *c->doc + c->row_cap * sizeof *c->row;
}

uint64_t ift_corpus_digest(const struct ift_corpus *c) {
    return ift_hasher_value(c->digest);
}

struct ift_row ift_corpus_row(struct ift_corpus *c, size_t i) {
    const struct entry *e = &c->row[i];
    c->out_id = ift_grow(c->out_id, e->n, &c->out_id_cap, sizeof *c->out_id);
    c->out_learn = ift_grow(c->out_learn, e->n, &c->out_learn_cap, 1);
    for (size_t k = 0; k < e->n; k++) {
        const uint64_t at = e->token + k;
        c->out_id[k] = c->wide ? (int32_t)((const uint32_t *)(const void *)c->id)[at]
                               : ((const uint16_t *)(const void *)c->id)[at];
        c->out_learn[k] = c->mark[at / 8] >> at % 8 & 1;
    }
    return (struct ift_row){c->out_id, c->out_learn, e->n, c->doc + e->doc, e->ndocs};
}

size_t ift_corpus_length(const struct ift_corpus *c, size_t i) {
    return c->row[i].n;
}

size_t ift_corpus_learned(const struct ift_corpus *c, size_t i) {
    return c->row[i].learned;
}

size_t ift_corpus_longest(const struct ift_corpus *c, size_t i) {
    return c->row[i].longest;
}
