#include "libcore/data/jqn.h"

#include <stdlib.h>

#include "libcore/data/jqn_program.h"

struct ift_jqn {
    struct jqn_program program;
    struct jqn_run run;
    struct ift_str *out;      /* where outputs go */
    bool written;             /* the one output is there already */
    struct jqn_value *output; /* else they are here */
    size_t noutputs, output_cap, next;
    int end;              /* how it went after the last output */
    struct ift_json tape; /* of the present output */
};

struct ift_jqn *ift_jqn_open(const char *program, const struct ift_jq_arg *args, size_t nargs,
                             struct ift_str *why) {
    struct ift_jqn *const q = ift_alloc0(1, sizeof *q);
    ift_str_clear(why);
    if (jqn_parse(&q->program, program, args, nargs, why) < 0) {
        ift_jqn_free(q);
        return NULL;
    }
    q->run.slot = ift_alloc0(q->program.nslots, sizeof *q->run.slot);
    return q;
}

void ift_jqn_free(struct ift_jqn *q) {
    if (!q) return;
    ift_arena_release(&q->program.arena);
    ift_arena_release(&q->run.heap.arena);
    ift_str_release(&q->run.scratch);
    ift_json_release(&q->run.parsed);
    ift_json_release(&q->tape);
    free(q->run.slot);
    free(q->output);
    free(q);
}

/* Outputs of one value are collected before the first is given. Who makes more than this, as by
 * range(1e20), is left to libjq, which makes them one at a time. */
enum { MOST_OUTPUTS = 1 << 22 };

struct outputs {
    struct jqn_sink sink;
    struct ift_jqn *q;
};

static int take_output(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    (void)x;
    struct ift_jqn *const q = ((struct outputs *)sink)->q;
    if (q->noutputs == MOST_OUTPUTS) return JQN_LEAVE;
    q->output = ift_grow(q->output, q->noutputs + 1, &q->output_cap, sizeof *q->output);
    q->output[q->noutputs++] = v;
    return JQN_OK;
}

/* Writes the one value of the program at the end of out, which is as it was when there is none. */
static int write_single(struct ift_jqn *q) {
    const size_t from = q->out->n;
    const struct jqn_value in = jqn_node(q->run.heap.doc, 0);
    q->tape.n = 0;
    const int end = jqn_eval_to(&q->run, q->program.root, in, &q->tape, q->out);
    if (end != JQN_OK) q->out->n = from;
    return end;
}

int ift_jqn_run(struct ift_jqn *q, const struct ift_json *doc, struct ift_str *out) {
    struct outputs o = {{.take = take_output}, q};
    const struct jqn_expr *const root = q->program.root;
    ift_arena_reset(&q->run.heap.arena);
    q->run.heap.doc = doc;
    q->out = out;
    q->noutputs = q->next = 0;
    q->end =
        root->single ? write_single(q) : jqn_generate(&q->run, root, jqn_node(doc, 0), &o.sink);
    q->written = root->single && q->end == JQN_OK;
    return q->end == JQN_LEAVE;
}

int ift_jqn_next(struct ift_jqn *q, const struct ift_json **value, struct ift_err *err) {
    if (q->written) {
        q->written = false;
    } else if (q->next < q->noutputs) {
        q->tape.n = 0;
        jqn_write(&q->run.heap, &q->tape, q->out, q->output[q->next++]);
    } else {
        return q->end == JQN_FAILED || q->end == JQN_BEYOND ? IFT_FAIL(err, "%s", q->run.err.text)
                                                            : 0;
    }
    if (q->out->n > UINT32_MAX) return IFT_FAIL(err, "more than 4 GiB of output");
    q->tape.text = q->out->p;
    *value = &q->tape;
    return 1;
}
