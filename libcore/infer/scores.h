/* scores.h: what ift-score writes of rows that were scored: an object a line, and their logits.
 *
 *     {"row": N, "count": targets, "loss": mean over them, or null, "logprobs": [… of each token
 * …]}
 */
#ifndef IFT_SCORES_H
#define IFT_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/progress.h"
#include "libcore/infer/scorer.h"
#include "libcore/io/stream.h"
#include "libcore/tensor/tensor.h"

struct ift_scores {
    struct ift_out *out;
    struct ift_progress *progress;
    int64_t vocab;          /* width of logits */
    bool brief;             /* without logprobs */
    uint64_t rows, learned; /* so far */
    double loss;            /* sum over all targets */
    struct ift_str line;
    struct ift_tensor *logits; /* (rows), "logits.N" of (T, V), if there were any */
    size_t logits_cap;
};

/* ift_scorer_config.done, whose ctx is a struct ift_scores. */
int ift_scores_put(void *scores, const struct ift_score *s, struct ift_err *err) IFT_MUST_CHECK;
void ift_scores_release(struct ift_scores *s);

#endif
