/* generator_internal.h: the inside of a generator, for generator.c and search.c alone. */
#ifndef IFT_GENERATOR_INTERNAL_H
#define IFT_GENERATOR_INTERNAL_H

#include "libcore/infer/beam.h"
#include "libcore/infer/cache.h"
#include "libcore/infer/cache_move.h"
#include "libcore/infer/generator.h"
#include "libcore/model/feed.h"

struct sequence {
    uint64_t index;
    int32_t *id; /* prompt, then what was generated */
    size_t n, cap, nprompt;
    size_t fed;             /* ids whose keys and values are in the cache */
    struct ift_place place; /* as the prompt says */
    double *logprob;
    size_t logprob_cap;
    enum ift_finish finish;
    void *tag;
    struct sequence *next; /* among those that wait for their turn to be handed back */
    const float *logits;   /* of its next id, right after a step that gave them; else NULL */
    struct ift_beam beam;  /* beam search: in the sequence of a group's first slot */
};

struct ift_generator {
    struct ift_generator_config c;
    int64_t vocab;
    struct ift_model *model;
    struct ift_device *device;
    struct ift_graph *graph;
    struct ift_exec *exec;
    struct ift_build build;
    struct ift_cache *cache; /* a lane a slot */
    ift_val picks, logits;
    struct ift_sampler *sampler;
    struct sequence **slot;   /* (c.slots) NULL: free */
    int64_t used;             /* slots that ever were, from the first */
    struct sequence *waiting; /* finished before an earlier one, by index */
    uint64_t taken, handed;   /* prompts read; completions given back */
    bool drained;             /* the source has no more */
    uint64_t generated, prefilled;
    /* One step's inputs. */
    int32_t *id, *position, *block, *row, *segment, *prompt, *pick;
    struct sequence **picked;
    float *logit;
    int64_t ntokens, nsegments, npicks;
    /* Beam search; NULL without. */
    double **score, **beam_logprob; /* (c.beams, vocab) */
    struct ift_cache_move *move;
};

/* One step of the beam search whose hypotheses lie in the c.beams slots from `base` on: true when
 * it is over, and the sequence of slot `base` is the result. */
int ift_search_step(struct ift_generator *g, int64_t base, const struct ift_generate *o, bool *over,
                    struct ift_err *err) IFT_MUST_CHECK;
void ift_search_moved(struct ift_generator *g); /* the cache lies elsewhere */
void ift_search_release(struct ift_generator *g);

void ift_sequence_free(struct sequence *s); /* NULL is fine */

#endif
