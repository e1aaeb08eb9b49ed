/* golden.h: a reference case as arrays our forward takes, and comparison with what the original
 * computed.
 *
 * The originals ran padded batches (B, T); here padding is dropped, each row is a segment, and only
 * real positions are compared. Weights must be on disk in `model`, inputs and results in an io
 * file.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdint.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"
#include "libcore/model/feed.h"
#include "libcore/model/model.h"
#include "libcore/tensor/safetensors.h"
#include "tests/unit/check.h"

/* "<$name>/<rest>"; NULL when the variable is not set or nothing is there. */
static inline char *golden_path(const char *variable, const char *rest) {
    const char *const root = getenv(variable);
    if (!root) return NULL;
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", root, rest);
    if (access(path.p, F_OK) == 0) return ift_str_take(&path);
    ift_str_release(&path);
    return NULL;
}

static inline char *golden_join(const char *dir, const char *file) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", dir, file);
    return ift_str_take(&path);
}

static inline struct ift_safetensors *golden_open(const char *dir, const char *file) {
    struct ift_err err = {0};
    struct ift_safetensors *s = NULL;
    char *const path = golden_join(dir, file);
    CHECK_OK(ift_safetensors_open(&s, path, &err), &err);
    free(path);
    if (!s) exit(1);
    return s;
}

/* The tensor "<prefix><name>", which must be there. */
static inline const struct ift_tensor *golden_find(const struct ift_safetensors *s,
                                                   const char *prefix, const char *name) {
    struct ift_str full = {0};
    ift_str_addf(&full, "%s%s", prefix, name);
    const struct ift_tensor *const t = ift_safetensors_find(s, full.p);
    if (!t) fprintf(stderr, "no tensor %s in the reference\n", full.p);
    ift_str_release(&full);
    if (!t) exit(1);
    return t;
}

/* The model's weight of that name, which must be there. */
static inline const struct ift_tensor *golden_weight(const struct ift_model *m, const char *name) {
    const struct ift_tensor *const t = ift_weights_find(ift_model_weights(m), name);
    if (!t) fprintf(stderr, "no weight %s in the model\n", name);
    if (!t) exit(1);
    return t;
}

/* A number of case.json, at a path of up to three keys. */
static inline double golden_number(const char *dir, const char *a, const char *b, const char *c) {
    struct ift_err err = {0};
    struct ift_str text = {0};
    struct ift_json doc = {0};
    char *const path = golden_join(dir, "case.json");
    CHECK_OK(ift_in_slurp(path, &text, 0, &err), &err);
    CHECK_OK(ift_json_parse(&doc, text.p, text.n, &err), &err);
    int node = ift_json_get(&doc, 0, a);
    if (b) node = ift_json_get(&doc, node, b);
    if (c) node = ift_json_get(&doc, node, c);
    double value = NAN;
    CHECK(node >= 0 && ift_parse_f64(ift_json_raw(&doc, node), &value));
    ift_json_release(&doc);
    ift_str_release(&text);
    free(path);
    return value;
}

/* ---- batches ---- */

struct golden_batch {
    int64_t tokens, segments, learned, rows, length; /* length: T of the padded original */
    int32_t *id, *position, *target, *segment;
    bool padding_counts; /* where the length of a row matters, as in transformers' dynamic rope */
    int64_t *place;      /* (tokens) index in the padded (B, T) */
};

static inline void golden_batch_release(struct golden_batch *b) {
    free(b->id);
    free(b->position);
    free(b->target);
    free(b->segment);
    free(b->place);
    *b = (struct golden_batch){0};
}

static inline int64_t golden_i64(const struct ift_tensor *t, int64_t i) {
    return t->dtype == IFT_I32 ? ((const int32_t *)t->data)[i] : ((const int64_t *)t->data)[i];
}

/* The tensor "<prefix><name>", NULL when it is not there. */
static inline const struct ift_tensor *golden_maybe(const struct ift_safetensors *s,
                                                    const char *prefix, const char *name) {
    struct ift_str full = {0};
    ift_str_addf(&full, "%s%s", prefix, name);
    const struct ift_tensor *const t = ift_safetensors_find(s, full.p);
    ift_str_release(&full);
    return t;
}

/* From "<prefix>input_ids|attention_mask|labels"; labels unshifted, -100 not learned. Without a
 * mask by tokens all are real, without labels none is learned. */
static inline struct golden_batch golden_batch(const struct ift_safetensors *s,
                                               const char *prefix) {
    const struct ift_tensor *const ids = golden_find(s, prefix, "input_ids");
    const struct ift_tensor *mask = golden_maybe(s, prefix, "attention_mask");
    const struct ift_tensor *const labels = golden_maybe(s, prefix, "labels");
    if (mask && mask->ndim != 2) mask = NULL;
    struct golden_batch b = {.rows = ids->dim[0], .length = ids->dim[1]};
    const size_t n = (size_t)(b.rows * b.length);
    b.id = ift_alloc0(n, sizeof *b.id);
    b.position = ift_alloc0(n, sizeof *b.position);
    b.target = ift_alloc0(n, sizeof *b.target);
    b.place = ift_alloc0(n, sizeof *b.place);
    b.segment = ift_alloc0((size_t)b.rows * 5, sizeof *b.segment);
    for (int64_t r = 0; r < b.rows; r++) {
        const int64_t begin = b.tokens;
        for (int64_t t = 0; t < b.length; t++) {
            const int64_t i = r * b.length + t;
            if (mask && !golden_i64(mask, i)) continue;
            const bool last = t + 1 == b.length;
            const bool next = !last && labels && (!mask || golden_i64(mask, i + 1));
            const int64_t label = next ? golden_i64(labels, i + 1) : -100;
            b.id[b.tokens] = (int32_t)golden_i64(ids, i);
            b.position[b.tokens] = (int32_t)(b.tokens - begin);
            b.target[b.tokens] = label < 0 ? -1 : (int32_t)label;
            b.place[b.tokens++] = i;
            b.learned += label >= 0;
        }
        const int32_t n_row = (int32_t)(b.tokens - begin);
        memcpy(b.segment + 5 * b.segments++,
               (const int32_t[]){(int32_t)begin, n_row, (int32_t)begin, n_row, 0},
               5 * sizeof(int32_t));
    }
    return b;
}

/* ---- comparison ---- */

/* Largest difference over the largest reference value; elements of equal zero references count as
 * themselves. */
static inline double golden_error(const float *got, const float *want, size_t n) {
    double diff = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)got[i] - (double)want[i]);
        if (!(d <= diff)) diff = d; /* a NaN stays */
        scale = fmax(scale, fabs((double)want[i]));
    }
    return scale > 0 ? diff / scale : diff;
}

/* Rows of got (tokens, width) against the real positions of a padded (B, T, width). */
static inline double golden_rows_error(const struct golden_batch *b, const float *got,
                                       const struct ift_tensor *want) {
    const int64_t width = want->dim[want->ndim - 1];
    float *const picked = ift_alloc((size_t)(b->tokens * width) * sizeof *picked);
    for (int64_t i = 0; i < b->tokens; i++)
        memcpy(picked + i * width, (const float *)want->data + b->place[i] * width,
               (size_t)width * sizeof *picked);
    const double e = golden_error(got, picked, (size_t)(b->tokens * width));
    free(picked);
    return e;
}

static inline void golden_check(const char *what, const char *name, double error,
                                double tolerance) {
    if (error <= tolerance) return;
    fprintf(stderr, "%s: %s: error %.3g, at most %.3g\n", what, name, error, tolerance);
    check_failures++;
}

/* ---- running ---- */

/* Loss, logits and gradients of a model, maybe with an adapter. */
struct golden_run {
    struct ift_graph *g;
    struct ift_exec *x;
    struct ift_device *d;
    struct ift_build build;
    ift_val loss, logits, targets, scale;
    int64_t capacity[IFT_EXTENTS];
};

/* `build`: its members for the caller set. keep: every value of the forward can be downloaded. */
static inline int golden_run_open(struct golden_run *r, struct ift_model *m, struct ift_device *d,
                                  struct ift_build build, bool backward, bool keep,
                                  struct ift_err *err) {
    *r = (struct golden_run){.g = ift_graph_new(),
                             .d = d,
                             .build = build,
                             .capacity = {1, 128, 16, 128}};
    ift_build_begin(&r->build, m, r->g);
    const ift_val h = ift_build_forward(&r->build);
    r->targets = ift_graph_input(r->g, "targets", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    r->scale = ift_graph_input(r->g, "scale", IFT_F32, IFT_FIXED, 1, (const int64_t[]){1});
    r->logits = ift_build_logits(&r->build, h);
    r->loss = ift_build_loss(&r->build, h, r->targets, r->scale);
    ift_graph_keep(r->g, r->logits);
    ift_graph_keep(r->g, r->loss);
    for (size_t v = 1; keep && v <= ift_graph_values(r->g); v++) {
        if (ift_graph_value(r->g, (ift_val)v)->role == IFT_TEMP) ift_graph_keep(r->g, (ift_val)v);
    }
    if (backward) IFT_TRY(ift_graph_backward(r->g, r->loss, err));
    IFT_TRY(ift_graph_check(r->g, err));
    IFT_TRY(ift_exec_new(&r->x, r->g, d, r->capacity, err));
    return ift_model_bind(m, d, r->x, r->g, err);
}

/* attach NULL and train false: logits and loss only. */
static inline int golden_run_init(struct golden_run *r, struct ift_model *m, struct ift_device *d,
                                  const struct ift_attach *attach, bool train_base, bool backward,
                                  struct ift_err *err) {
    const struct ift_build build = {.attach = attach, .train_base = train_base};
    return golden_run_open(r, m, d, build, backward, false, err);
}

static inline void golden_run_release(struct golden_run *r) {
    ift_exec_free(r->x);
    ift_graph_free(r->g);
}

/* Runs a batch; gradients are zeroed first and are of the mean loss over learned tokens, which is
 * returned. */
static inline double golden_run_batch(struct golden_run *r, const struct golden_batch *b,
                                      struct ift_err *err) {
    const float scale = b->learned ? 1.0f / (float)b->learned : 0;
    CHECK(b->tokens <= r->capacity[IFT_TOKENS] && b->segments <= r->capacity[IFT_SEGMENTS]);
    for (size_t v = 1; v <= ift_graph_values(r->g); v++) {
        const struct ift_value *const value = ift_graph_value(r->g, (ift_val)v);
        if (value->role == IFT_STATE) CHECK_OK(ift_exec_zero(r->x, (ift_val)v, err), err);
    }
    int32_t position[128], block[128], segment[5 * 16];
    memcpy(segment, b->segment, (size_t)b->segments * 5 * sizeof *segment);
    memcpy(position, b->position, (size_t)b->tokens * sizeof *position);
    for (int64_t s = 0; s < b->segments; s++) {
        int32_t *const part = segment + 5 * s;
        struct ift_place place;
        CHECK_OK(ift_arch_place(r->build.arch, r->build.config, b->id + part[0], part[1], &place,
                                err),
                 err);
        part[4] = (int32_t)place.prefix;
        for (int32_t t = 0; t < part[1]; t++) {
            if (place.turn != IFT_NO_TURN)
                position[part[0] + t] = ift_place_position(&place, t);
            block[part[0] + t] = ift_place_block(&place, t);
        }
    }
    /* The originals that look at the length of a row take it with its padding. */
    int32_t padded[16];
    for (int64_t s = 0; s < b->segments; s++) padded[s] = (int32_t)b->length;
    const struct ift_feed feed = {.tokens = b->tokens,
                                  .segments = b->segments,
                                  .id = b->id,
                                  .position = position,
                                  .block = block,
                                  .segment = segment,
                                  .prompt = b->padding_counts ? padded : NULL};
    CHECK_OK(ift_feed_upload(&feed, &r->build, r->x, err), err);
    CHECK_OK(ift_exec_upload(r->x, r->targets, b->target, b->tokens, err), err);
    CHECK_OK(ift_exec_upload(r->x, r->scale, &scale, 1, err), err);
    CHECK_OK(ift_exec_run(r->x, (const int64_t[]){0, b->tokens, b->segments, b->tokens}, err), err);
    float loss[128] = {0};
    CHECK_OK(ift_exec_download(r->x, loss, r->loss, b->tokens, err), err);
    double sum = 0;
    for (int64_t i = 0; i < b->tokens; i++) sum += loss[i];
    return sum * (double)scale;
}

/* The logits of the last run (tokens, V), to be freed. */
static inline float *golden_logits(struct golden_run *r, const struct golden_batch *b,
                                   int64_t vocab) {
    struct ift_err err = {0};
    float *const y = ift_alloc((size_t)(b->tokens * vocab) * sizeof *y);
    CHECK_OK(ift_exec_download(r->x, y, r->logits, b->tokens, &err), &err);
    return y;
}

/* Compares every gradient state of the graph with "grad.<name>" of the reference and returns the
 * worst error. Both must have the same set of gradients when `all` is set. */
static inline double golden_gradients(struct golden_run *r, const struct ift_safetensors *io,
                                      const char *what, double tolerance, bool all) {
    double worst = 0;
    size_t seen = 0, given = 0;
    for (size_t i = 0; i < ift_safetensors_count(io); i++) {
        const struct ift_tensor *const want = ift_safetensors_at(io, i);
        struct ift_err err = {0};
        if (strncmp(want->name, "grad.", 5) != 0) continue;
        given++;
        const ift_val v = ift_graph_find(r->g, want->name);
        if (!v) {
            fprintf(stderr, "%s: nothing computes %s\n", what, want->name);
            check_failures++;
            continue;
        }
        float *const got = ift_alloc(want->bytes);
        CHECK_OK(ift_exec_download(r->x, got, v, 1, &err), &err);
        const double e = golden_error(got, want->data, want->bytes / 4);
        golden_check(what, want->name, e, tolerance);
        worst = fmax(worst, e);
        free(got);
    }
    for (size_t v = 1; v <= ift_graph_values(r->g); v++)
        seen += ift_graph_grad(r->g, (ift_val)v) != 0;
    if (all) CHECK_INT(seen, given);
    return worst;
}

#endif
