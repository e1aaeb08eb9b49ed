#include "libcore/infer/beam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

struct candidate {
    double score, logprob;
    int from;   /* running hypothesis */
    int32_t id; /* that continues it */
};

static struct ift_hypothesis *hypotheses_new(int n, size_t longest) {
    struct ift_hypothesis *const h = ift_alloc0((size_t)n, sizeof *h);
    for (int i = 0; i < n; i++) {
        h[i].id = ift_alloc0(longest, sizeof *h[i].id);
        h[i].logprob = ift_alloc0(longest, sizeof *h[i].logprob);
    }
    return h;
}

static void hypotheses_free(struct ift_hypothesis *h, int n) {
    for (int i = 0; h && i < n; i++) {
        free(h[i].id);
        free(h[i].logprob);
    }
    free(h);
}

void ift_beam_release(struct ift_beam *b) {
    hypotheses_free(b->running, b->o.width);
    hypotheses_free(b->done, b->o.width);
    hypotheses_free(b->spare, b->o.width);
    free(b->parent);
    free(b->candidate);
    *b = (struct ift_beam){0};
}

void ift_beam_start(struct ift_beam *b, const struct ift_beam_options *o, size_t longest) {
    ift_beam_release(b);
    const int ends = 1 + (int)o->neos;
    *b = (struct ift_beam){.o = *o, .longest = longest, .live = 1};
    b->running = hypotheses_new(o->width, longest);
    b->done = hypotheses_new(o->width, longest);
    b->spare = hypotheses_new(o->width, longest);
    b->parent = ift_alloc0((size_t)o->width, sizeof *b->parent);
    b->most = (ends > 2 ? ends : 2) * o->width;
    b->candidate = ift_alloc0((size_t)b->most, sizeof *b->candidate);
}

/* Keeps the best `most` in descending order; of equal scores the earlier stays in front. */
static int keep(struct candidate *best, int n, int most, struct candidate c) {
    if (n == most && !(c.score > best[n - 1].score)) return n;
    int i = n < most ? n : most - 1;
    for (; i > 0 && c.score > best[i - 1].score; i--) best[i] = best[i - 1];
    best[i] = c;
    return n < most ? n + 1 : n;
}

static int choose(struct ift_beam *b, double *const *scores, double *const *logprob, size_t vocab) {
    int n = 0;
    for (int i = 0; i < b->live; i++)
        for (size_t id = 0; id < vocab; id++) {
            if (scores[i][id] == -INFINITY) continue;
            const struct candidate c = {b->running[i].score + scores[i][id], logprob[i][id], i,
                                        (int32_t)id};
            n = keep(b->candidate, n, b->most, c);
        }
    return n;
}

static bool ends(const struct ift_beam *b, const struct candidate *c) {
    if (b->running[c->from].n + 1 >= b->longest) return true;
    for (size_t i = 0; i < b->o.neos; i++)
        if (c->id == b->o.eos[i]) return true;
    return false;
}

static double normalised(const struct ift_beam *b, double score, size_t length) {
    return score / pow((double)length, b->o.length_penalty);
}

/* `from` with the candidate's id. */
static void extend(struct ift_hypothesis *to, const struct ift_hypothesis *from,
                   const struct candidate *c, double score) {
    memcpy(to->id, from->id, from->n * sizeof *to->id);
    memcpy(to->logprob, from->logprob, from->n * sizeof *to->logprob);
    to->id[from->n] = c->id;
    to->logprob[from->n] = c->logprob;
    to->n = from->n + 1;
    to->score = score;
}

/* A finished hypothesis takes its place, and the worst loses it. */
static void file(struct ift_beam *b, const struct candidate *c) {
    const struct ift_hypothesis *const from = &b->running[c->from];
    const double score = normalised(b, c->score, from->n + 1);
    const int width = b->o.width;
    if (b->ndone == width && !(score > b->done[width - 1].score)) return;
    int i = b->ndone < width ? b->ndone++ : width - 1;
    const struct ift_hypothesis room = b->done[i];
    for (; i > 0 && score > b->done[i - 1].score; i--) b->done[i] = b->done[i - 1];
    b->done[i] = room;
    extend(&b->done[i], from, c, score);
}

/* Could what runs still get among the finished ones? */
static bool is_open(const struct ift_beam *b, size_t length) {
    if (b->ndone < b->o.width) return true;
    const bool far = b->o.stop == IFT_BEAM_NEVER && b->o.length_penalty > 0;
    const double best = normalised(b, b->running[0].score, far ? b->longest : length);
    return best > b->done[b->o.width - 1].score;
}

bool ift_beam_step(struct ift_beam *b, double *const *scores, double *const *logprob,
                   size_t vocab) {
    const int n = choose(b, scores, logprob, vocab), width = b->o.width;
    const size_t length = b->running[0].n + 1;
    int live = 0;
    for (int i = 0; i < n; i++) {
        const struct candidate *const c = &b->candidate[i];
        if (ends(b, c)) {
            if (i < width) file(b, c);
        } else if (live < width) {
            extend(&b->spare[live], &b->running[c->from], c, c->score);
            b->parent[live++] = c->from;
        }
    }
    struct ift_hypothesis *const old = b->running;
    b->running = b->spare;
    b->spare = old;
    b->live = live;
    if (live == 0) return false;
    if (b->o.stop == IFT_BEAM_FULL && b->ndone == width) return false;
    return is_open(b, length);
}

const struct ift_hypothesis *ift_beam_best(const struct ift_beam *b) {
    return b->ndone ? &b->done[0] : NULL;
}
