#include "libcore/shard/tokenize.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/opt.h"
#include "libcore/data/filter.h"
#include "libcore/shard/explain.h"
#include "libcore/shard/provenance.h"
#include "libcore/shard/shard.h"
#include "libcore/text/prompt.h"

const char *const ift_tokenize_truncate[] = {"drop", "left", "right", "split", NULL};
const char *const ift_tokenize_straddle[] = {"mask", "train", "split",
                                             NULL};                       /* enum ift_straddle */
const char *const ift_tokenize_learn[] = {"all", "last", "prompt", NULL}; /* enum ift_learn */

enum note { TOKENS, LEARNED, STRADDLING, CUT, SPLIT, LONG, UNLEARNED };

struct state {
    const struct ift_tokenize *job;
    const struct ift_run *run;
    struct ift_tokenizer *tokenizer;
    struct ift_prompt *prompt;
    struct ift_shard *shard; /* NULL while nothing was begun, and for text */
    bool text;
};

struct worker {
    struct ift_encoder *encoder;
    struct ift_record record;
    struct ift_json doc;
    struct ift_rendering rendering;
    struct ift_tokens tokens;
    uint8_t *learn;
    size_t learn_cap;
};

static void *worker_new(void *ctx, struct ift_err *err) {
    (void)err;
    const struct state *const s = ctx;
    struct worker *const w = ift_alloc0(1, sizeof *w);
    w->encoder = ift_encoder_new(s->tokenizer);
    w->rendering.parse_control = s->job->parse_control;
    for (int i = 0; ift_tokenize_learn[i]; i++)
        if (strcmp(ift_tokenize_learn[i], s->job->learn) == 0)
            w->rendering.what = (enum ift_learn)i;
    return w;
}

static void worker_free(void *ctx, void *local) {
    (void)ctx;
    struct worker *const w = local;
    ift_encoder_free(w->encoder);
    ift_record_release(&w->record);
    ift_json_release(&w->doc);
    ift_rendering_release(&w->rendering);
    ift_tokens_release(&w->tokens);
    free(w->learn);
    free(w);
}

/* ---- a record's text ---- */

/* The field, all of it learned. */
static int take_field(struct worker *w, const char *field, struct ift_slice text,
                      struct ift_err *err) {
    struct ift_rendering *const r = &w->rendering;
    IFT_TRY(ift_json_parse(&w->doc, text.p, text.n, err));
    const int node = ift_json_get(&w->doc, 0, field);
    if (node < 0) return IFT_FAIL(err, "missing \"%s\"", field);
    if (!ift_json_is(&w->doc, node, IFT_JSON_STRING))
        return IFT_FAIL(err, "\"%s\" is not a string", field);
    ift_str_clear(&r->text);
    ift_json_text(&w->doc, node, &r->text);
    r->learn = ift_grow(r->learn, 1, &r->learn_cap, sizeof *r->learn);
    r->learn[0] = (struct ift_span){0, r->text.n};
    r->nmarks = 0;
    r->nlearn = 1;
    return 0;
}

static int render(const struct state *s, struct worker *w, struct ift_slice text,
                  struct ift_err *err) {
    if (s->job->bare) return take_field(w, s->job->field, text, err);
    IFT_TRY(ift_record_parse(&w->record, text.p, text.n, err));
    return ift_prompt_render(s->prompt, &w->record, false, &w->rendering, err);
}

/* Cuts to max_length tokens. A BOS at the start is not part of the text and stays. */
static void cut(const struct state *s, struct worker *w) {
    struct ift_tokens *const t = &w->tokens;
    const size_t most = (size_t)s->job->max_length, over = t->n - most;
    if (strcmp(s->job->truncate, "left") == 0) {
        const int32_t bos = ift_tokenizer_info(s->tokenizer)->bos;
        const size_t keep = bos >= 0 && t->id[0] == bos ? 1 : 0;
        memmove(t->id + keep, t->id + keep + over, (most - keep) * sizeof *t->id);
        memmove(w->learn + keep, w->learn + keep + over, most - keep);
        memmove(t->from + keep, t->from + keep + over, (most - keep + 1) * sizeof *t->from);
    }
    t->n = most;
}

/* ---- rows ---- */

/* tokens [from, to) of the record */
static int emit_row(const struct state *s, struct worker *w, size_t from, size_t to,
                    const struct ift_item *item, struct ift_emit *emit, struct ift_err *err) {
    const uint32_t length = (uint32_t)(to - from);
    const struct ift_row row = {w->tokens.id + from, w->learn + from, length, &length, 1};
    const size_t learned = row.n > 0 ? ift_row_learned(&row) : 0;
    if (learned == 0) {
        emit->note[UNLEARNED]++;
        return 0;
    }
    emit->note[TOKENS] += row.n;
    emit->note[LEARNED] += learned;
    if (s->job->explain) {
        struct ift_str where = {0};
        ift_str_addf(&where, "%s:%zu", item->file, item->line);
        if (item->element) ift_str_addf(&where, ": element %zu", item->element);
        ift_explain(emit->out, s->tokenizer, where.p, &row, w->tokens.from + from, s->job->color);
        ift_str_release(&where);
        emit->n++;
    } else if (s->text) {
        ift_row_print(emit->out, &row);
        ift_emit_end(emit);
    } else {
        IFT_TRY(ift_shard_pack(ift_tokenizer_info(s->tokenizer)->size, &row, emit->out, err));
        emit->n++;
    }
    return 0;
}

/* The end token, and whatever control token ends what is learned. */
static void mask_ends(const struct state *s, struct worker *w) {
    for (size_t i = 0; i < w->tokens.n; i++) {
        const uint32_t id = (uint32_t)w->tokens.id[i];
        bool control;
        if (!w->learn[i]) continue;
        ift_tokenizer_piece(s->tokenizer, id, &control);
        const bool last = i + 1 == w->tokens.n || !w->learn[i + 1];
        if (control && (last || w->tokens.id[i] == ift_tokenizer_info(s->tokenizer)->eos))
            w->learn[i] = 0;
    }
}

static int tokenize(const struct state *s, struct worker *w, size_t *straddling,
                    struct ift_err *err) {
    const int straddle = ift_opt_choice(ift_tokenize_straddle, s->job->straddle);
    IFT_TRY(ift_rendering_tokens(&w->rendering, w->encoder, (enum ift_straddle)straddle, &w->tokens,
                                 &w->learn, &w->learn_cap, straddling, err));
    if (s->job->bare)
        memset(w->learn, 1, w->tokens.n); /* also what stands for nothing in the text */
    if (s->job->mask_eos) mask_ends(s, w);
    return 0;
}

static int map(void *ctx, void *local, const struct ift_item *item, struct ift_emit *emit,
               struct ift_err *err) {
    const struct state *const s = ctx;
    struct worker *const w = local;
    const size_t most = (size_t)s->job->max_length;
    size_t straddling;
    IFT_TRY(render(s, w, item->text, err));
    IFT_TRY(tokenize(s, w, &straddling, err));
    const bool too_long = most > 0 && w->tokens.n > most;
    if (too_long && strcmp(s->job->truncate, "drop") == 0) {
        emit->note[LONG]++;
        return 0;
    }
    emit->note[STRADDLING] += straddling;
    if (too_long && strcmp(s->job->truncate, "split") == 0) {
        emit->note[SPLIT]++;
        for (size_t at = 0; at < w->tokens.n; at += most) {
            const size_t end = w->tokens.n - at > most ? at + most : w->tokens.n;
            IFT_TRY(emit_row(s, w, at, end, item, emit, err));
        }
        return 0;
    }
    emit->note[CUT] += too_long;
    if (too_long) cut(s, w);
    return emit_row(s, w, 0, w->tokens.n, item, emit, err);
}

static int begin(void *ctx, struct ift_out *out, struct ift_err *err) {
    struct state *const s = ctx;
    const struct ift_tokenizer_info *const info = ift_tokenizer_info(s->tokenizer);
    struct ift_str provenance = {0};
    ift_provenance_add(&provenance, NULL, s->run);
    const struct ift_shard_meta meta = {info->size, info->digest, info->bos,
                                        info->eos,  info->pad,    provenance.p};
    const int rc = ift_shard_start(&s->shard, out, &meta, err);
    ift_str_release(&provenance);
    return rc;
}

static int write_rows(void *ctx, struct ift_slice rows, struct ift_err *err) {
    (void)err;
    const struct state *const s = ctx;
    ift_shard_add_packed(s->shard, rows);
    return 0;
}

static int compress(void *ctx, struct ift_err *err) {
    const struct state *const s = ctx;
    return ift_shard_compress(s->shard, err);
}

static int end(void *ctx, uint64_t items, struct ift_err *err) {
    (void)items;
    struct state *const s = ctx;
    struct ift_shard *const shard = s->shard;
    s->shard = NULL;
    return ift_shard_finish(shard, err);
}

int ift_tokenize_run(const struct ift_tokenize *job, const struct ift_run *run,
                     struct ift_err *err) {
    struct state s = {.job = job, .run = run};
    s.text = job->explain || strcmp(job->as, "jsonl") == 0;
    const struct ift_filter filter = {
        .member = job->member,
        .as = IFT_SHAPE_JSONL,
        .local_new = worker_new,
        .local_free = worker_free,
        .map = map,
        .begin = s.text ? NULL : begin,
        .write = s.text ? NULL : write_rows,
        .wrote = s.text ? NULL : compress,
        .end = s.text ? NULL : end,
        .note = {"tokens", "learned", "straddle the edge of what is learned",
                 "cut to the longest length", "made several rows of", "too long, left out",
                 "without a learned token, left out"},
    };
    int rc = ift_tokenizer_open(&s.tokenizer, job->vocab, err);
    const struct ift_prompt_opts prompt = {job->prompt, job->vocab, job->prompt_vars};
    if (rc == 0 && !job->bare) rc = ift_prompt_open(&s.prompt, &prompt, s.tokenizer, err);
    if (rc == 0) rc = ift_filter_run(&filter, &s, run, err);
    ift_shard_abandon(s.shard);
    ift_prompt_free(s.prompt);
    ift_tokenizer_free(s.tokenizer);
    return rc;
}
