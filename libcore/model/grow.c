/* A vocabulary with more ids, and the rows that they begin with. */
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/model/model_internal.h"
#include "libcore/text/tokenizer.h"

const char *const ift_model_new_rows[] = {"mean", "pieces", NULL};

/* Rows [old, now) of new ids; id k is the mean of rows id[from[k - old], from[k - old + 1]), or of
 * all old ones where that is none. */
struct growth {
    uint32_t old, now;
    size_t *from;
    int32_t *id;
    size_t n, cap;
};

/* ---- the two vocabularies ---- */

/* A piece between quotes, its control characters as escapes. */
static void show(struct ift_str *out, struct ift_slice piece) {
    ift_str_addc(out, '"');
    for (size_t i = 0; i < piece.n && i < 60; i++) {
        const unsigned char c = (unsigned char)piece.p[i];
        if (c < ' ')
            ift_str_addf(out, "\\x%02x", c);
        else
            ift_str_addc(out, (char)c);
    }
    ift_str_addc(out, '"');
}

static int check_id(const char *base, const struct ift_tokenizer *from, const char *path,
                    const struct ift_tokenizer *to, uint32_t id, struct ift_err *err) {
    const bool there = id < ift_tokenizer_info(to)->size;
    const struct ift_slice was = ift_tokenizer_piece(from, id, NULL);
    const struct ift_slice is = there ? ift_tokenizer_piece(to, id, NULL) : ift_slice("");
    if (there && ift_slice_eq(was, is)) return 0;
    struct ift_str text = {0};
    if (there)
        show(&text, is);
    else
        ift_str_adds(&text, "not there");
    ift_str_adds(&text, ", not ");
    show(&text, was);
    ift_fail(err, "%s does not extend the vocabulary of %s: id %u is %s", path, base, id, text.p);
    ift_str_release(&text);
    return -1;
}

/* Does it put a space in front of a text that begins with none? */
static int puts_space(struct ift_encoder *e, const struct ift_tokenizer *t,
                      struct ift_tokens *tokens, bool *puts, struct ift_err *err) {
    IFT_TRY(ift_encoder_encode(e, "a", 1, NULL, tokens, err));
    const struct ift_slice first =
        tokens->n ? ift_tokenizer_piece(t, (uint32_t)tokens->id[0], NULL) : ift_slice("");
    *puts = first.n && first.p[0] == ' ';
    return 0;
}

/* Adds what the old vocabulary makes of the text. The space that it puts in front of one is the
 * text's own, or if it stands alone, no part of it. */
static int add_pieces(struct growth *g, struct ift_encoder *e, bool puts, struct ift_slice text,
                      struct ift_tokens *tokens, struct ift_err *err) {
    const bool own = puts && text.n > 1 && text.p[0] == ' ';
    IFT_TRY(ift_encoder_encode(e, text.p + own, text.n - own, NULL, tokens, err));
    for (size_t i = 0; i < tokens->n; i++) {
        if (i == 0 && !own && puts && tokens->n > 1 && tokens->from[1] == 0) continue;
        g->id = ift_grow(g->id, g->n + 1, &g->cap, sizeof *g->id);
        g->id[g->n++] = tokens->id[i];
    }
    return 0;
}

static int find_pieces(struct growth *g, const struct ift_tokenizer *from,
                       const struct ift_tokenizer *to, struct ift_err *err) {
    struct ift_encoder *const e = ift_encoder_new(from);
    struct ift_tokens tokens = {0};
    bool puts = false;
    int rc = puts_space(e, from, &tokens, &puts, err);
    for (uint32_t id = g->old; rc == 0 && id < g->now; id++) {
        bool control;
        const struct ift_slice text = ift_tokenizer_piece(to, id, &control);
        if (!control) rc = add_pieces(g, e, puts, text, &tokens, err);
        g->from[id - g->old + 1] = g->n;
    }
    ift_tokens_release(&tokens);
    ift_encoder_free(e);
    return rc;
}

static int compare(struct growth *g, const char *base, const struct ift_tokenizer *from,
                   const char *path, const struct ift_tokenizer *to, bool pieces,
                   struct ift_err *err) {
    g->old = ift_tokenizer_info(from)->size;
    g->now = ift_tokenizer_info(to)->size;
    for (uint32_t id = 0; id < g->old; id++) IFT_TRY(check_id(base, from, path, to, id, err));
    g->from = ift_alloc0(g->now - g->old + 1, sizeof *g->from);
    return pieces ? find_pieces(g, from, to, err) : 0;
}

static int read_growth(struct growth *g, const struct ift_model *m,
                       const struct ift_model_growth *how, struct ift_err *err) {
    struct ift_tokenizer *from = NULL, *to = NULL;
    int rc = ift_tokenizer_open(&from, ift_model_vocab(m), err);
    if (rc == 0) rc = ift_tokenizer_open(&to, how->vocab, err);
    if (rc == 0)
        rc = compare(g, ift_model_vocab(m), from, how->vocab, to,
                     strcmp(how->new_rows, "pieces") == 0, err);
    ift_tokenizer_free(from);
    ift_tokenizer_free(to);
    return rc;
}

/* ---- rows ---- */

struct table {
    char *data;
    enum ift_dtype dtype;
    size_t width, row; /* of a row: numbers, bytes */
    float *wide;       /* (width) */
    double *sum;       /* (width) */
};

/* Of n rows, `id` or if that is NULL the first, in double, rounded to f32 and then to the table's
 * type. */
static int mean(const struct table *t, const int32_t *id, size_t n, void *to, struct ift_err *err) {
    memset(t->sum, 0, t->width * sizeof *t->sum);
    for (size_t i = 0; i < n; i++) {
        const size_t k = id ? (size_t)id[i] : i;
        IFT_TRY(ift_to_f32(t->wide, t->data + k * t->row, t->dtype, t->width, err));
        for (size_t c = 0; c < t->width; c++) t->sum[c] += (double)t->wide[c];
    }
    for (size_t c = 0; c < t->width; c++) t->wide[c] = (float)(t->sum[c] / (double)n);
    return ift_from_f32(to, t->dtype, t->wide, t->width, err);
}

/* Rows that were there before, and that no id asks for, stay. */
static int fill(const struct table *t, const struct growth *g, int64_t were, int64_t rows,
                struct ift_err *err) {
    char *const usual = ift_alloc(t->row);
    int rc = mean(t, NULL, g->old, usual, err);
    for (int64_t k = g->old; rc == 0 && k < rows; k++) {
        char *const to = t->data + (size_t)k * t->row;
        const size_t i = (size_t)(k - g->old);
        const size_t n = k < g->now ? g->from[i + 1] - g->from[i] : 0;
        if (n)
            rc = mean(t, g->id + g->from[i], n, to, err);
        else if (k < g->now || k >= were)
            memcpy(to, usual, t->row);
    }
    free(usual);
    return rc;
}

static int fill_table(const struct ift_tensor *tensor, const struct growth *g, int64_t were,
                      struct ift_err *err) {
    const size_t rows = (size_t)tensor->dim[0];
    struct table t = {.data = (char *)tensor->data, /* the model's own since it was resized */
                      .dtype = tensor->dtype,
                      .width = (size_t)ift_shape_count(tensor->ndim, tensor->dim) / rows,
                      .row = tensor->bytes / rows};
    t.wide = ift_alloc(t.width * sizeof *t.wide);
    t.sum = ift_alloc(t.width * sizeof *t.sum);
    const int rc = fill(&t, g, were, tensor->dim[0], err);
    free(t.wide);
    free(t.sum);
    return rc;
}

static int grow(struct ift_model *m, const struct ift_model_growth *how, struct growth *g,
                struct ift_err *err) {
    const int64_t were = m->config.vocab, of = how->multiple > 0 ? how->multiple : 1;
    IFT_TRY(read_growth(g, m, how, err));
    if (g->old > (uint64_t)were)
        return IFT_FAIL(err, "%s: the vocabulary has %u ids, the model %lld rows for them",
                        ift_model_vocab(m), g->old, (long long)were);
    const int64_t need = (int64_t)g->now > were ? (int64_t)g->now : were;
    IFT_TRY(ift_model_resize(m, (need + of - 1) / of * of, true, err));
    for (size_t i = 0; i < IFT_MODEL_TABLES; i++) {
        const struct ift_tensor *const t = ift_model_table(m, i);
        if (t) IFT_TRY(fill_table(t, g, were, err));
    }
    free(m->vocab);
    m->vocab = ift_strdup(how->vocab);
    m->grown = true;
    return 0;
}

int ift_model_grow(struct ift_model *m, const struct ift_model_growth *how, struct ift_err *err) {
    struct growth g = {0};
    const int rc = grow(m, how, &g, err);
    free(g.from);
    free(g.id);
    return rc;
}
