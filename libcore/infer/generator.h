/* generator.h: continues token sequences with a KV cache, many at once.
 *
 * Sequences live in slots; each slot owns `context` rows of every layer's cache. A step runs one
 * token for every sequence that is under way together with the whole prompt of every sequence that
 * just got a slot, as segments of one batch without padding, and a slot is refilled as soon as its
 * sequence ends. Results are handed back in the order of the prompts.
 *
 *     const struct ift_generator_config c = {.slots = 16, .context = 512};
 *     IFT_TRY(ift_generator_new(&g, model, peft, device, c, err));
 *     IFT_TRY(ift_generator_run(g, &prompts, &options, err));
 */
#ifndef IFT_GENERATOR_H
#define IFT_GENERATOR_H

#include <stdbool.h>

#include "libcore/infer/beam.h"
#include "libcore/infer/sample.h"
#include "libcore/model/model.h"
#include "libcore/peft/peft.h"

struct ift_generator;

struct ift_generator_config {
    int64_t slots;   /* sequences at once, >= 1 */
    int64_t beams;   /* of them to each prompt: beam search (beam.h); 0, 1: none */
    int64_t context; /* tokens of prompt and continuation together; at most the model's positions */
    int64_t step;    /* most tokens run at once: bounds the memory of prefill; 0: max(slots, 1024).
                        Longer prompts run in several steps */
    bool frozen;     /* nobody changes the weights while it lives: what follows from them alone is
                        computed once */
};

enum ift_finish { IFT_FINISH_STOP /* an end-of-sequence id */, IFT_FINISH_LENGTH };

struct ift_completion {
    uint64_t index;        /* of the prompt, 0-based */
    const int32_t *id;     /* (n) the new ids, the end-of-sequence id included */
    const double *logprob; /* (n) of each under the model's unfiltered distribution, or NULL when
                              not asked for */
    size_t n, nprompt;
    enum ift_finish finish;
    void *tag; /* what came with the prompt; freed after `done` */
};

struct ift_prompt_ids {
    const int32_t *id; /* (n) lent until the next call */
    size_t n;          /* at least 1 */
    void *tag;         /* memory that comes back with the completion and is then freed, or NULL */
};

/* Prompts come from and completions go to callbacks, in order. */
struct ift_prompts {
    void *ctx;
    int (*next)(void *ctx, struct ift_prompt_ids *p, struct ift_err *err); /* 1, 0 no more, -1 */
    int (*done)(void *ctx, const struct ift_completion *c, struct ift_err *err);
};

struct ift_generate {
    struct ift_sampling sampling;
    long long max_new;  /* tokens at most, and never past the context */
    const int32_t *eos; /* (neos) ids that end a sequence */
    size_t neos;
    bool logprobs; /* say how likely each new token was: costs an exponential for each of the
                      vocabulary at each step */
    /* Of beam search. */
    double length_penalty;
    enum ift_beam_stop stop;
};

int ift_generator_new(struct ift_generator **g, struct ift_model *m, struct ift_peft *peft,
                      struct ift_device *d, struct ift_generator_config c,
                      struct ift_err *err) IFT_MUST_CHECK;
/* Until `next` says there are no more and all are done. A prompt that leaves no room for one new
 * token is an error naming its index and length. */
int ift_generator_run(struct ift_generator *g, const struct ift_prompts *p,
                      const struct ift_generate *o, struct ift_err *err) IFT_MUST_CHECK;
uint64_t ift_generator_tokens(const struct ift_generator *g,
                              uint64_t *prefilled); /* new tokens so far; and prompt tokens */
void ift_generator_free(struct ift_generator *g);

#endif
