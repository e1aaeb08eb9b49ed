#include "libcore/infer/generator.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/infer/generator_internal.h"

void ift_sequence_free(struct sequence *s) {
    if (!s) return;
    free(s->id);
    free(s->logprob);
    free(s->tag);
    ift_beam_release(&s->beam);
    free(s);
}

static int describe(struct ift_generator *g, struct ift_model *m, struct ift_peft *peft,
                    struct ift_err *err) {
    struct ift_build *const b = &g->build;
    *b = (struct ift_build){.attach = peft ? ift_peft_attach(peft, false) : NULL,
                            .cache_rows = g->c.slots * g->c.context,
                            .positions_max = g->c.context};
    ift_build_begin(b, m, g->graph);
    g->picks = ift_graph_input(g->graph, "picks", IFT_I32, IFT_PICKS, 1, (const int64_t[]){0});
    const ift_val hidden = ift_build_forward(b);                       // (N, C)
    const ift_val last = ift_graph_gather(g->graph, hidden, g->picks); // (P, C)
    g->logits = ift_build_logits(b, last);                             // (P, V)
    ift_graph_keep(g->graph, g->logits);
    return ift_graph_check(g->graph, err);
}

static int start(struct ift_generator *g, struct ift_model *m, struct ift_peft *peft,
                 struct ift_device *d, const int64_t *capacity, struct ift_err *err) {
    IFT_TRY(describe(g, m, peft, err));
    if (g->c.frozen)
        IFT_TRY(ift_exec_new_frozen(&g->exec, g->graph, d, capacity, err));
    else
        IFT_TRY(ift_exec_new(&g->exec, g->graph, d, capacity, err));
    IFT_TRY(ift_model_bind(m, d, g->exec, g->graph, err));
    return peft ? ift_peft_bind(peft, d, g->exec, g->graph, err) : 0;
}

int ift_generator_new(struct ift_generator **out, struct ift_model *m, struct ift_peft *peft,
                      struct ift_device *d, struct ift_generator_config c, struct ift_err *err) {
    const struct ift_config *config = ift_model_config(m);
    if (c.context > config->max_positions)
        return IFT_FAIL(err, "a context of %lld tokens, but the model has %lld positions",
                        (long long)c.context, (long long)config->max_positions);
    struct ift_generator *g = ift_alloc0(1, sizeof *g);
    *out = g;
    if (c.beams < 1) c.beams = 1;
    c.slots = c.slots < c.beams ? c.beams : c.slots / c.beams * c.beams;
    if (c.step < c.slots) c.step = c.slots > 1024 ? c.slots : 1024;
    if (ift_model_arch(m)->place && c.step < c.slots + c.context) c.step = c.slots + c.context;
    if (c.step > c.slots * c.context) c.step = c.slots * c.context;
    g->c = c;
    g->vocab = config->vocab;
    g->model = m;
    g->device = d;
    g->graph = ift_graph_new();
    g->sampler = ift_sampler_new((size_t)g->vocab);
    g->slot = ift_alloc0((size_t)c.slots, sizeof *g->slot);
    g->picked = ift_alloc0((size_t)c.slots, sizeof *g->picked);
    g->id = ift_alloc0((size_t)c.step, sizeof *g->id);
    g->position = ift_alloc0((size_t)c.step, sizeof *g->position);
    g->block = ift_alloc0((size_t)c.step, sizeof *g->block);
    g->row = ift_alloc0((size_t)c.step, sizeof *g->row);
    g->segment = ift_alloc0((size_t)c.slots * 5, sizeof *g->segment);
    g->prompt = ift_alloc0((size_t)c.slots, sizeof *g->prompt);
    g->pick = ift_alloc0((size_t)c.slots, sizeof *g->pick);
    g->logit = ift_alloc0((size_t)(c.slots * g->vocab), sizeof *g->logit);
    const int64_t capacity[IFT_EXTENTS] =
        {[IFT_TOKENS] = c.step, [IFT_SEGMENTS] = c.slots, [IFT_PICKS] = c.slots};
    if (start(g, m, peft, d, capacity, err) < 0) {
        ift_generator_free(g);
        *out = NULL;
        return -1;
    }
    g->cache = ift_cache_new(g->exec, g->graph, d);
    return 0;
}

void ift_generator_free(struct ift_generator *g) {
    if (!g) return;
    for (int64_t i = 0; i < g->c.slots; i++) ift_sequence_free(g->slot[i]);
    while (g->waiting) {
        struct sequence *s = g->waiting;
        g->waiting = s->next;
        ift_sequence_free(s);
    }
    ift_search_release(g);
    ift_exec_free(g->exec);
    ift_cache_free(g->cache);
    ift_graph_free(g->graph);
    ift_sampler_free(g->sampler);
    free(g->slot);
    free(g->picked);
    free(g->id);
    free(g->position);
    free(g->block);
    free(g->row);
    free(g->segment);
    free(g->prompt);
    free(g->pick);
    free(g->logit);
    free(g);
}

/* Gives every free slot, or group of slots, the next prompt, while there are any. */
static int refill(struct ift_generator *g, const struct ift_prompts *p, struct ift_err *err) {
    for (int64_t i = 0; i < g->c.slots && !g->drained; i += g->c.beams) {
        if (g->slot[i]) continue;
        struct ift_prompt_ids prompt = {0};
        const int got = p->next(p->ctx, &prompt, err);
        if (got < 0) return -1;
        if (got == 0) {
            g->drained = true;
            return 0;
        }
        struct sequence *s = ift_alloc0(1, sizeof *s);
        g->slot[i] = s;
        if (i + g->c.beams > g->used) g->used = i + g->c.beams;
        s->index = g->taken++;
        s->tag = prompt.tag;
        if (prompt.n == 0 || prompt.n >= (size_t)g->c.context)
            return IFT_FAIL(err,
                            "prompt %llu has %zu tokens; between 1 and %lld leave room to answer",
                            (unsigned long long)g->taken, prompt.n, (long long)g->c.context - 1);
        s->nprompt = s->n = s->cap = prompt.n;
        s->id = ift_alloc(prompt.n * sizeof *s->id);
        memcpy(s->id, prompt.id, prompt.n * sizeof *s->id);
        if (ift_arch_place(ift_model_arch(g->model), ift_model_config(g->model), s->id,
                           (int64_t)s->n, &s->place, err) < 0)
            return ift_fail_in(err, "prompt %llu", (unsigned long long)g->taken);
    }
    return 0;
}

/* Room in the cache for what every sequence may grow to. What is lacking is taken for all slots in
 * use, and a quarter more than they had, so that ever longer prompts do not move it each time. */
static int make_room(struct ift_generator *g, const struct ift_generate *o, struct ift_err *err) {
    const int64_t context = g->c.context, had = ift_cache_lane(g->cache, 1);
    int64_t length = had;
    bool grown;
    for (int64_t i = 0; i < g->used; i += g->c.beams) {
        if (!g->slot[i]) continue;
        const int64_t prompt = (int64_t)g->slot[i]->nprompt;
        const int64_t need = o->max_new < context - prompt ? prompt + o->max_new : context;
        if (need > length) length = need;
    }
    if (length > had && length < had + had / 4) length = had + had / 4;
    if (length > context) length = context;
    IFT_TRY(ift_cache_fit(g->cache, g->used, length, &grown, err));
    if (grown) ift_search_moved(g);
    return 0;
}

/* Lays `count` ids of a slot's sequence into the step. */
static void lay(struct ift_generator *g, int64_t slot, int64_t count) {
    struct sequence *s = g->slot[slot];
    const int32_t first = (int32_t)ift_cache_lane(g->cache, slot);
    g->prompt[g->nsegments] = (int32_t)s->nprompt;
    int32_t *const segment = g->segment + 5 * g->nsegments++;
    segment[0] = (int32_t)g->ntokens;
    segment[1] = (int32_t)count;
    segment[2] = first;
    segment[3] = (int32_t)((int64_t)s->fed + count);
    segment[4] = (int32_t)s->place.prefix;
    for (int64_t i = 0; i < count; i++, g->ntokens++) {
        const int64_t t = (int64_t)s->fed + i;
        g->id[g->ntokens] = s->id[t];
        g->position[g->ntokens] = ift_place_position(&s->place, t);
        g->block[g->ntokens] = ift_place_block(&s->place, t);
        g->row[g->ntokens] = first + (int32_t)t;
    }
    s->fed += (size_t)count;
    if (s->fed == s->n) {
        g->picked[g->npicks] = s;
        g->pick[g->npicks++] = (int32_t)g->ntokens - 1;
    }
}

/* Chooses what runs: one token of each sequence under way, then as much of the new prompts as the
 * step holds. */
static void compose(struct ift_generator *g) {
    g->ntokens = g->nsegments = g->npicks = 0;
    for (int prefill = 0; prefill < 2; prefill++)
        for (int64_t i = 0; i < g->c.slots; i++) {
            const struct sequence *s = g->slot[i];
            if (!s || prefill != (s->n == s->nprompt)) continue;
            const int64_t want = (int64_t)(s->n - s->fed), room = g->c.step - g->ntokens;
            const int64_t count = want < room ? want : room;
            /* The tokens of a prefix see one another, so they run together. */
            if (count <= 0 || (int64_t)s->fed + count < s->place.prefix) continue;
            lay(g, i, count);
            if (prefill) g->prefilled += (uint64_t)count;
        }
}

static int run(struct ift_generator *g, struct ift_err *err) {
    /* A step of nothing but the middle of a long prompt still projects one row, which nobody reads.
     */
    const int64_t rows = g->npicks ? g->npicks : 1;
    if (!g->npicks) g->pick[0] = 0;
    const struct ift_feed feed = {.tokens = g->ntokens,
                                  .segments = g->nsegments,
                                  .id = g->id,
                                  .position = g->position,
                                  .block = g->block,
                                  .segment = g->segment,
                                  .slot = g->row,
                                  .prompt = g->prompt};
    IFT_TRY(ift_feed_upload(&feed, &g->build, g->exec, err));
    IFT_TRY(ift_exec_upload(g->exec, g->picks, g->pick, rows, err));
    const int64_t extent[IFT_EXTENTS] =
        {[IFT_TOKENS] = g->ntokens, [IFT_SEGMENTS] = g->nsegments, [IFT_PICKS] = rows};
    IFT_TRY(ift_exec_run(g->exec, extent, err));
    return ift_exec_download(g->exec, g->logit, g->logits, rows, err);
}

/* Appends the next id; true when the sequence is over. */
static bool extend(struct ift_generator *g, struct sequence *s, const struct ift_generate *o,
                   const float *logits) {
    const size_t k = s->n - s->nprompt;
    s->logprob = ift_grow(s->logprob, k + 1, &s->logprob_cap, sizeof *s->logprob);
    const int32_t id = ift_sampler_next(g->sampler, &o->sampling, logits, s->id, s->n, s->index, k,
                                        o->logprobs ? &s->logprob[k] : NULL);
    s->id = ift_grow(s->id, s->n + 1, &s->cap, sizeof *s->id);
    s->id[s->n++] = id;
    g->generated++;
    s->finish = IFT_FINISH_STOP;
    for (size_t i = 0; i < o->neos; i++)
        if (id == o->eos[i]) return true;
    s->finish = IFT_FINISH_LENGTH;
    return k + 1 >= (size_t)o->max_new || s->n >= (size_t)g->c.context;
}

/* Files a finished sequence and hands back all whose turn has come. */
static int finish(struct ift_generator *g, struct sequence *s, const struct ift_prompts *p,
                  const struct ift_generate *o, struct ift_err *err) {
    struct sequence **at = &g->waiting;
    while (*at && (*at)->index < s->index) at = &(*at)->next;
    s->next = *at;
    *at = s;
    while (g->waiting && g->waiting->index == g->handed) {
        struct sequence *w = g->waiting;
        const struct ift_completion c = {
            .index = w->index,
            .id = w->id + w->nprompt,
            .logprob = o->logprobs ? w->logprob : NULL,
            .n = w->n - w->nprompt,
            .nprompt = w->nprompt,
            .finish = w->finish,
            .tag = w->tag,
        };
        g->waiting = w->next;
        g->handed++;
        const int rc = p->done(p->ctx, &c, err);
        ift_sequence_free(w);
        if (rc < 0) return -1;
    }
    return 0;
}

static int advance(struct ift_generator *g, const struct ift_prompts *p,
                   const struct ift_generate *o, struct ift_err *err) {
    for (int64_t k = 0; k < g->npicks; k++) g->picked[k]->logits = g->logit + k * g->vocab;
    for (int64_t i = 0; i < g->c.slots; i += g->c.beams) {
        struct sequence *const s = g->slot[i];
        if (!s || !s->logits) continue;
        bool over;
        if (g->c.beams > 1)
            IFT_TRY(ift_search_step(g, i, o, &over, err));
        else
            over = extend(g, s, o, s->logits);
        s->logits = NULL;
        if (!over) continue;
        g->slot[i] = NULL;
        IFT_TRY(finish(g, s, p, o, err));
    }
    return 0;
}

int ift_generator_run(struct ift_generator *g, const struct ift_prompts *p,
                      const struct ift_generate *o, struct ift_err *err) {
    g->taken = g->handed = 0;
    g->drained = false;
    for (;;) {
        IFT_TRY(refill(g, p, err));
        IFT_TRY(make_room(g, o, err));
        compose(g);
        if (g->ntokens == 0) return 0;
        IFT_TRY(run(g, err));
        IFT_TRY(advance(g, p, o, err));
    }
}

uint64_t ift_generator_tokens(const struct ift_generator *g, uint64_t *prefilled) {
    if (prefilled) *prefilled = g->prefilled;
    return g->generated;
}
