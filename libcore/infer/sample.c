#include "libcore/infer/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"

/* Keeps these random numbers apart from those of other uses. */
enum { STREAM_SAMPLE = 0x53414d50 };

struct scored {
    double score;
    int32_t id;
};

struct ift_sampler {
    size_t vocab;
    double *score;        /* (vocab) processed scores */
    double *probs;        /* (vocab) */
    struct scored *order; /* (vocab) candidates, by score */
    uint8_t *penalised;   /* (vocab) the penalty is applied once an id, however often it was seen */
};

struct ift_sampler *ift_sampler_new(size_t vocab) {
    struct ift_sampler *s = ift_alloc0(1, sizeof *s);
    s->vocab = vocab;
    s->score = ift_alloc0(vocab, sizeof *s->score);
    s->probs = ift_alloc0(vocab, sizeof *s->probs);
    s->order = ift_alloc0(vocab, sizeof *s->order);
    s->penalised = ift_alloc0(vocab, 1);
    return s;
}

void ift_sampler_free(struct ift_sampler *s) {
    if (!s) return;
    free(s->score);
    free(s->probs);
    free(s->order);
    free(s->penalised);
    free(s);
}

static void penalise(struct ift_sampler *s, double penalty, const int32_t *seen, size_t nseen) {
    if (penalty == 1) return;
    memset(s->penalised, 0, s->vocab);
    for (size_t i = 0; i < nseen; i++) {
        const size_t id = (size_t)seen[i];
        if (seen[i] < 0 || id >= s->vocab || s->penalised[id]) continue;
        s->penalised[id] = 1;
        s->score[id] = s->score[id] < 0 ? s->score[id] * penalty : s->score[id] / penalty;
    }
}

/* Bans what would complete an n-gram that is there already. */
static void ban_repeats(struct ift_sampler *s, long long n, const int32_t *seen, size_t nseen) {
    if (n <= 0 || nseen < (size_t)n) return;
    const size_t head = (size_t)n - 1;
    const int32_t *const tail = seen + nseen - head;
    for (const int32_t *at = seen; at < tail; at++) {
        if (memcmp(at, tail, head * sizeof *at) != 0) continue;
        const int32_t id = at[head];
        if (id >= 0 && (size_t)id < s->vocab) s->score[id] = -INFINITY;
    }
}

/* Descending by score; equal scores by id, so that the order is one order. */
static int by_score(const void *a, const void *b) {
    const struct scored *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

/* What comes before sampling, to the scores. */
static void process(struct ift_sampler *s, const struct ift_sampling *o, const int32_t *seen,
                    size_t nseen) {
    penalise(s, o->repetition_penalty, seen, nseen);
    ban_repeats(s, o->no_repeat_ngram, seen, nseen);
}

static void load(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                 const int32_t *seen, size_t nseen) {
    for (size_t i = 0; i < s->vocab; i++) s->score[i] = logits[i];
    process(s, o, seen, nseen);
}

/* The first of the largest, logits as they are when nothing alters them. */
static int32_t greedy(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                      const int32_t *seen, size_t nseen) {
    size_t best = 0;
    if (o->repetition_penalty == 1 && o->no_repeat_ngram <= 0) {
        for (size_t i = 1; i < s->vocab; i++)
            if (logits[i] > logits[best]) best = i;
        return (int32_t)best;
    }
    load(s, o, logits, seen, nseen);
    for (size_t i = 1; i < s->vocab; i++)
        if (s->score[i] > s->score[best]) best = i;
    return (int32_t)best;
}

/* How many of the sorted candidates top-k, top-p and min-p leave. */
static size_t kept(const struct ift_sampler *s, const struct ift_sampling *o) {
    const struct scored *c = s->order;
    size_t n = s->vocab;
    if (o->top_k > 0 && (size_t)o->top_k < n) {
        const double last = c[o->top_k - 1].score;
        n = (size_t)o->top_k;
        while (n < s->vocab && c[n].score == last) n++;
    }
    if (o->top_p < 1) {
        double sum = 0, dropped = 0;
        for (size_t i = 0; i < n; i++) sum += exp(c[i].score - c[0].score);
        /* From the unlikely end: drop while what is dropped stays within 1 - top_p. */
        while (n > 1 && (dropped += exp(c[n - 1].score - c[0].score) / sum) <= 1 - o->top_p) n--;
    }
    while (n > 1 && exp(c[n - 1].score - c[0].score) < o->min_p) n--;
    return n;
}

void ift_sampler_probs(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                       const int32_t *seen, size_t nseen, double *probs) {
    memset(probs, 0, s->vocab * sizeof *probs);
    if (o->temperature <= 0) {
        probs[greedy(s, o, logits, seen, nseen)] = 1;
        return;
    }
    load(s, o, logits, seen, nseen);
    for (size_t i = 0; i < s->vocab; i++)
        s->order[i] = (struct scored){s->score[i] / o->temperature, (int32_t)i};
    qsort(s->order, s->vocab, sizeof *s->order, by_score);
    const size_t n = kept(s, o);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += exp(s->order[i].score - s->order[0].score);
    for (size_t i = 0; i < n; i++)
        probs[s->order[i].id] = exp(s->order[i].score - s->order[0].score) / sum;
}

static double log_sum_exp(const float *logits, size_t n) {
    double top = logits[0], sum = 0;
    for (size_t i = 1; i < n; i++) top = logits[i] > top ? logits[i] : top;
    for (size_t i = 0; i < n; i++) sum += exp(logits[i] - top);
    return top + log(sum);
}

void ift_sampler_scores(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                        const int32_t *seen, size_t nseen, double *logprob, double *scores) {
    const double sum = log_sum_exp(logits, s->vocab);
    for (size_t i = 0; i < s->vocab; i++) s->score[i] = logprob[i] = logits[i] - sum;
    process(s, o, seen, nseen);
    memcpy(scores, s->score, s->vocab * sizeof *scores);
}

int32_t ift_sampler_next(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                         const int32_t *seen, size_t nseen, uint64_t record, uint64_t position,
                         double *logprob) {
    int32_t id;
    if (o->temperature <= 0) {
        id = greedy(s, o, logits, seen, nseen);
    } else {
        ift_sampler_probs(s, o, logits, seen, nseen, s->probs);
        /* One index for the pair: no record reaches 2^32 tokens. */
        struct ift_rng rng =
            ift_rng(o->seed, STREAM_SAMPLE, record << 32 | (position & 0xffffffff));
        double left = ift_rng_unit(&rng);
        id = -1;
        for (size_t i = 0; i < s->vocab; i++) {
            if (s->probs[i] == 0) continue;
            id = (int32_t)i;
            left -= s->probs[i];
            if (left < 0) break;
        }
    }
    if (logprob) *logprob = logits[id] - log_sum_exp(logits, s->vocab);
    return id;
}
