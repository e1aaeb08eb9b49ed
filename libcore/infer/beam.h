/* beam.h: beam search over one prompt: which hypotheses run on, which are finished, when to stop.
 * The rules are those of Hugging Face's generate() (transformers 5: generation/utils.py,
 * _beam_search), for one prompt:
 *
 * The score of a hypothesis is the sum of its tokens' processed log-probabilities. Each step takes
 * the max(2, 1 + neos) * width best continuations of all running hypotheses. Those of the first
 * `width` that end (an end-of-sequence id, or the longest length allowed) compete for the `width`
 * finished places with score / length^length_penalty, length counting the new tokens with the one
 * that ends; the best `width` of the others run on. So a hypothesis that ends needs a place among
 * the best to count, and every finished one competes until the search is over.
 *
 *     ift_beam_start(&b, &options, longest);
 *     do {
 *         for each live of b.running: log-probabilities of the next token into logprob[i], and
 *         processed into scores[i]
 *     } while (ift_beam_step(&b, scores, logprob, vocab));
 *     … b.best …
 *
 * After a step, running hypothesis i is what was hypothesis b.parent[i] before it, with one more
 * id.
 */
#ifndef IFT_BEAM_H
#define IFT_BEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ift_beam_stop {
    IFT_BEAM_HOPELESS, /* when no running hypothesis could beat the worst finished one, were it to
                          end now */
    IFT_BEAM_FULL,     /* as soon as `width` are finished */
    IFT_BEAM_NEVER,    /* as hopeless, for the longest length it could reach */
};

struct ift_beam_options {
    int width; /* >= 1 */
    double length_penalty;
    enum ift_beam_stop stop;
    const int32_t *eos;
    size_t neos;
};

struct ift_hypothesis {
    int32_t *id;     /* (n) new ids */
    double *logprob; /* (n) of each, unprocessed */
    size_t n;
    double score;
};

struct ift_beam {
    struct ift_beam_options o;
    size_t longest;                 /* new tokens at most */
    struct ift_hypothesis *running; /* (o.width) of equal length; only `live` of them count */
    int *parent;                    /* (o.width) */
    int live;                       /* 1 at first, then o.width, or fewer of a tiny vocabulary */
    struct ift_hypothesis *done;    /* (o.width) finished, best first; `ndone` of them */
    int ndone;
    struct ift_hypothesis *spare; /* (o.width) what the next running ones are built in */
    struct candidate *candidate;
    int most; /* candidates a step */
};

/* A zeroed struct is ready; one that was used is used again. options.eos is borrowed. */
void ift_beam_start(struct ift_beam *b, const struct ift_beam_options *o, size_t longest);
/* scores[i] and logprob[i] (vocab) of each live hypothesis; what scores -infinity is never taken.
 * False: the search is over. */
bool ift_beam_step(struct ift_beam *b, double *const *scores, double *const *logprob, size_t vocab);
/* The best finished hypothesis, its score normalised by length; NULL if the scores allowed none. */
const struct ift_hypothesis *ift_beam_best(const struct ift_beam *b);
void ift_beam_release(struct ift_beam *b);

#endif
