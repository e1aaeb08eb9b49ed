/* peft_case.h: what tests of tuning methods share: the golden cases of tests/golden/peft, an
 * optimizer for them, and how far logits are from what was expected. */
#ifndef PEFT_CASE_H
#define PEFT_CASE_H

#include <unistd.h>

#include "libcore/peft/peft.h"
#include "tests/unit/golden.h"

static struct ift_device device;
static char *root; /* tests/golden/peft */

static inline void begin_cases(void) {
    struct ift_err err = {0};
    root = golden_path("SRC", "tests/golden/peft");
    if (!root) check_skip("SRC does not name the source folder");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) exit(1);
}

static inline int end_cases(void) {
    free(root);
    ift_device_close(&device);
    return check_done();
}

static inline void open_both(const char *folder, const char *sub, struct ift_model **m,
                             struct ift_peft **p) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/base", folder); /* of its own, or the one of most */
    if (access(path.p, F_OK) != 0) {
        ift_str_clear(&path);
        ift_str_addf(&path, "%s/base-llama", root);
    }
    CHECK_OK(ift_model_open(m, path.p, &err), &err);
    ift_str_clear(&path);
    ift_str_addf(&path, "%s/%s", folder, sub);
    CHECK_OK(ift_peft_open(p, *m, path.p, &err), &err);
    ift_str_release(&path);
    if (!*m || !*p) exit(1);
}

static inline struct ift_safetensors *open_batches(const char *folder) {
    static const char name[] = "batches.safetensors";
    char *const own = golden_join(folder, name);
    const bool there = access(own, F_OK) == 0;
    free(own);
    return golden_open(there ? folder : root, name);
}

/* ---- the optimizer, as a graph of its own ---- */

struct adam {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val coef, hyper;
};

static inline void adam_init(struct adam *a, const struct golden_run *r) {
    struct ift_err err = {0};
    *a = (struct adam){.g = ift_graph_new()};
    a->coef = ift_graph_input(a->g, "coef", IFT_F32, IFT_FIXED, 1, (const int64_t[]){1});
    a->hyper = ift_graph_input(a->g, "hyper", IFT_F32, IFT_FIXED, 1, (const int64_t[]){4});
    const struct ift_graph_adamw rule = {.beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f};
    for (size_t i = 1; i <= ift_graph_values(r->g); i++) {
        const struct ift_value *const p = ift_graph_value(r->g, (ift_val)i);
        if (p->role != IFT_PARAM || !p->trainable) continue;
        const char *const prefix[] = {"grad.", "m.", "v."};
        ift_val state[3];
        for (int k = 0; k < 3; k++) {
            struct ift_str name = {0};
            ift_str_addf(&name, "%s%s", prefix[k], p->name);
            state[k] = ift_graph_state(a->g, name.p, IFT_F32, p->ndim, p->dim);
            ift_str_release(&name);
        }
        const ift_val w = ift_graph_param(a->g, p->name, p->ndim, p->dim, true);
        ift_graph_adamw(a->g, state[0], a->coef, a->hyper, w, state[1], state[2], rule);
    }
    CHECK_OK(ift_exec_new(&a->x, a->g, &device, (const int64_t[IFT_EXTENTS]){0}, &err), &err);
    for (size_t i = 1; i <= ift_graph_values(a->g); i++) {
        const struct ift_value *const v = ift_graph_value(a->g, (ift_val)i);
        const ift_val same = v->name ? ift_graph_find(r->g, v->name) : 0;
        struct ift_operand t;
        if (!same || v->role == IFT_INPUT) continue;
        CHECK_OK(ift_exec_operand(r->x, same, &t, &err), &err);
        CHECK_OK(ift_exec_bind(a->x, (ift_val)i, &t, &err), &err);
    }
}

static inline void adam_step(struct adam *a, int step, float lr) {
    struct ift_err err = {0};
    const float coef = 1;
    /* Of the betas as floats, which the moments decay by. */
    const double beta1 = (double)0.9f, beta2 = (double)0.999f;
    const float hyper[4] = {lr, (float)(1 - pow(beta1, step)), (float)(1 - pow(beta2, step)), 0};
    CHECK_OK(ift_exec_upload(a->x, a->coef, &coef, 1, &err), &err);
    CHECK_OK(ift_exec_upload(a->x, a->hyper, hyper, 1, &err), &err);
    CHECK_OK(ift_exec_run(a->x, (const int64_t[IFT_EXTENTS]){0}, &err), &err);
}

static inline double logits_error(struct golden_run *r, const struct ift_safetensors *batches,
                                  const char *prefix, const struct ift_tensor *want, double *loss) {
    struct ift_err err = {0};
    struct golden_batch b = golden_batch(batches, prefix);
    *loss = golden_run_batch(r, &b, &err);
    float *const logits = golden_logits(r, &b, want->dim[want->ndim - 1]);
    const double e = golden_rows_error(&b, logits, want);
    free(logits);
    golden_batch_release(&b);
    return e;
}

#endif
