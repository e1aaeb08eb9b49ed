/* sample.h: from the logits of the next token to a choice. The processors and their order are those
 * of Hugging Face's generate(): repetition penalty, no repeated n-gram, then temperature, top-k,
 * top-p, min-p.
 * Probabilities are computed in double, and the draw is a function of (seed, record, position)
 * alone, so a text does not depend on which others share its batch.
 */
#ifndef IFT_SAMPLE_H
#define IFT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct ift_sampling {
    double temperature; /* 0: greedy, the largest logit, lowest id on ties; the rest is then ignored
                           but the penalty and the ban */
    double top_p; /* 1: off. Keeps the smallest set of likeliest tokens whose probabilities reach
                     top_p, at least one */
    double min_p; /* 0: off. Drops tokens less likely than min_p times the likeliest */
    double repetition_penalty; /* 1: off. Scores of ids already in the sequence: divided when
                                  positive, multiplied when negative */
    long long no_repeat_ngram; /* 0: off. Bans ids that would complete a run of so many ids which
                                  the sequence has already */
    long long top_k;           /* 0: off. Keeps the k largest, and all that tie with the k-th */
    uint64_t seed;
};

/* Scratch for one vocabulary; reused from call to call. */
struct ift_sampler;
struct ift_sampler *ift_sampler_new(size_t vocab);
void ift_sampler_free(struct ift_sampler *s);

/* Applies the processors to logits (vocab): probs (vocab) sums to 1, 0 for what was filtered out.
 */
void ift_sampler_probs(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                       const int32_t *seen, size_t nseen, double *probs);

/* For beam search: the natural log of the unfiltered softmax into logprob (vocab), and into scores
 * (vocab) what penalty and ban, which act on that there, make of it; -infinity is banned. */
void ift_sampler_scores(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                        const int32_t *seen, size_t nseen, double *logprob, double *scores);

/* The next id. record, position: what the draw is keyed by. logprob (may be NULL): natural log of
 * the unfiltered softmax at the chosen id. */
int32_t ift_sampler_next(struct ift_sampler *s, const struct ift_sampling *o, const float *logits,
                         const int32_t *seen, size_t nseen, uint64_t record, uint64_t position,
                         double *logprob);

#endif
