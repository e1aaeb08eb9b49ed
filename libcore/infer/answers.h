/* answers.h: records in, the same records with a model's answers out, one JSON object a line: what
 * ift-generate writes.
 *
 *     {…the record…, "generated": "…", "finish": "stop" | "length"}
 *
 * and, where log-probabilities are asked for, "tokens" and "logprobs" of what is new.
 */
#ifndef IFT_ANSWERS_H
#define IFT_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/progress.h"
#include "libcore/data/source.h"
#include "libcore/infer/generator.h"
#include "libcore/infer/session.h"
#include "libcore/io/stream.h"

/* The caller's: all but the last line. Release what is in line. */
struct ift_answers {
    struct ift_session *session;
    struct ift_source *source;
    struct ift_out *out;
    struct ift_progress *progress;
    int64_t context; /* the generator's */
    bool logprobs;
    uint64_t done, stopped; /* so far; and those that ended by themselves */
    struct ift_str line;
};

/* For ift_generator_run; answers must outlive it. */
struct ift_prompts ift_answers_prompts(struct ift_answers *a);

#endif
