/* search.c: beam search in a generator. The hypotheses of a prompt are sequences in neighbouring
 * slots, and each is one segment of a step, as any sequence is. The first slot's runs the prompt;
 * after each step the search says which of them go on as what, and rows of the cache follow. */
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/infer/generator_internal.h"

/* Rows of the cache moved at once, and room for one position of all hypotheses. */
enum { ROWS = 1024 };

static double **tables(int64_t n, int64_t vocab) {
    double **const t = ift_alloc0((size_t)n, sizeof *t);
    for (int64_t i = 0; i < n; i++) t[i] = ift_alloc0((size_t)vocab, sizeof *t[i]);
    return t;
}

static void tables_free(double **t, int64_t n) {
    for (int64_t i = 0; t && i < n; i++) free(t[i]);
    free(t);
}

void ift_search_moved(struct ift_generator *g) {
    ift_cache_move_free(g->move);
    g->move = NULL;
}

void ift_search_release(struct ift_generator *g) {
    tables_free(g->score, g->c.beams);
    tables_free(g->beam_logprob, g->c.beams);
    ift_cache_move_free(g->move);
}

static int prepare(struct ift_generator *g, struct ift_err *err) {
    if (!g->score) {
        g->score = tables(g->c.beams, g->vocab);
        g->beam_logprob = tables(g->c.beams, g->vocab);
    }
    if (g->move) return 0;
    return ift_cache_move_new(&g->move, g->exec, g->graph, g->device, ROWS + g->c.beams, err);
}

/* Where two sequences part: so many ids, and so many rows of their caches, are the same. */
static size_t common(const struct sequence *a, const struct sequence *b) {
    const size_t n = a->fed < b->fed ? a->fed : b->fed;
    size_t i = 0;
    while (i < n && a->id[i] == b->id[i]) i++;
    return i;
}

/* Brings the caches in line: hypothesis i continues what is now in lane parent[i]. Position by
 * position, because lanes may change places. */
static int move_rows(struct ift_generator *g, int64_t base, const struct ift_beam *b,
                     struct ift_err *err) {
    struct sequence **const lane = g->slot + base;
    int32_t from[2 * ROWS], to[2 * ROWS];
    size_t differ[ROWS], end = 0;
    for (int i = 0; i < b->live; i++) {
        differ[i] = common(lane[i], lane[b->parent[i]]);
        if (lane[b->parent[i]]->fed > end) end = lane[b->parent[i]]->fed;
    }
    int64_t n = 0;
    for (size_t t = 0; t < end; t++) {
        for (int i = 0; i < b->live; i++) {
            if (b->parent[i] == i || t < differ[i]) continue;
            from[n] = (int32_t)(ift_cache_lane(g->cache, base + b->parent[i]) + (int64_t)t);
            to[n++] = (int32_t)(ift_cache_lane(g->cache, base + i) + (int64_t)t);
        }
        if (n < ROWS && t + 1 < end) continue;
        if (n) IFT_TRY(ift_cache_move_run(g->move, from, to, n, err));
        n = 0;
    }
    return 0;
}

static struct sequence *lane_new(const struct sequence *first) {
    struct sequence *const s = ift_alloc0(1, sizeof *s);
    s->index = first->index;
    s->nprompt = first->nprompt;
    s->place = first->place;
    return s;
}

/* Makes s the prompt (NULL: its own) and h. */
static void take(struct sequence *s, const int32_t *prompt, const struct ift_hypothesis *h) {
    s->n = s->nprompt + h->n;
    s->id = ift_grow(s->id, s->n, &s->cap, sizeof *s->id);
    if (prompt) memcpy(s->id, prompt, s->nprompt * sizeof *s->id);
    memcpy(s->id + s->nprompt, h->id, h->n * sizeof *s->id);
    s->fed = s->n - 1;
}

static int branch(struct ift_generator *g, int64_t base, const struct ift_beam *b,
                  struct ift_err *err) {
    struct sequence **const lane = g->slot + base;
    for (int i = 1; i < b->live; i++)
        if (!lane[i]) lane[i] = lane_new(lane[0]);
    IFT_TRY(move_rows(g, base, b, err));
    for (int i = 0; i < b->live; i++) take(lane[i], i ? lane[0]->id : NULL, &b->running[i]);
    for (int i = b->live; i < g->c.beams; i++) /* of a vocabulary that small */
        if (lane[i]) lane[i]->n = lane[i]->fed = 0;
    return 0;
}

static void conclude(struct ift_generator *g, int64_t base, const struct ift_generate *o) {
    struct sequence **const lane = g->slot + base, *const s = lane[0];
    const struct ift_hypothesis *const best = ift_beam_best(&s->beam);
    const size_t n = best ? best->n : 0;
    s->n = s->nprompt;
    s->finish = IFT_FINISH_LENGTH;
    if (best) take(s, NULL, best);
    s->logprob = ift_grow(s->logprob, n + 1, &s->logprob_cap, sizeof *s->logprob);
    if (best) memcpy(s->logprob, best->logprob, n * sizeof *s->logprob);
    for (size_t i = 0; n && i < o->neos; i++)
        if (best->id[n - 1] == o->eos[i]) s->finish = IFT_FINISH_STOP;
    g->generated += n;
    for (int64_t i = 1; i < g->c.beams; i++) {
        ift_sequence_free(lane[i]);
        lane[i] = NULL;
    }
}

int ift_search_step(struct ift_generator *g, int64_t base, const struct ift_generate *o, bool *over,
                    struct ift_err *err) {
    struct sequence **const lane = g->slot + base;
    struct ift_beam *const b = &lane[0]->beam;
    IFT_TRY(prepare(g, err));
    if (!b->running) {
        const int64_t room = g->c.context - (int64_t)lane[0]->nprompt;
        const struct ift_beam_options beam = {(int)g->c.beams, o->length_penalty, o->stop, o->eos,
                                              o->neos};
        ift_beam_start(b, &beam, (size_t)(o->max_new < room ? o->max_new : room));
    }
    for (int i = 0; i < b->live; i++)
        ift_sampler_scores(g->sampler, &o->sampling, lane[i]->logits, lane[i]->id, lane[i]->n,
                           g->beam_logprob[i], g->score[i]);
    *over = !ift_beam_step(b, g->score, g->beam_logprob, (size_t)g->vocab);
    if (!*over) return branch(g, base, b, err);
    conclude(g, base, o);
    return 0;
}
