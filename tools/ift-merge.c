#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/tool.h"
#include "libcore/peft/peft.h"
#include "libcore/shard/provenance.h"

struct args {
    const char *model, *dtype;
    struct ift_model_growth growth;
    struct ift_opt_list adapters;
};

static const char *const dtypes[] = {"keep", "f32", "bf16", "f16", NULL};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR",
                     "the base, a Hugging Face model folder"),
    IFT_OPT_LIST('\0', "adapter", struct args, adapters, "DIR",
                 "a PEFT adapter folder to fold in; several add up"),
    IFT_OPT_STR('\0', "vocab", struct args, growth.vocab, "FILE|DIR", NULL,
                "grow the model to this vocabulary, which extends its own, first"),
    IFT_OPT_CHOICE('\0', "new-rows", struct args, growth.new_rows, NULL, "pieces",
                   ift_model_new_rows, "what rows of new ids begin as"),
    IFT_OPT_INT('\0', "pad-vocab", struct args, growth.multiple, "N", 0, 1 << 20, 0,
                "make the number of rows a multiple of this; 0: as many as ids"),
    IFT_OPT_CHOICE('\0', "dtype", struct args, dtype, NULL, "keep", dtypes,
                   "what weights are stored as; keep: as in the base"),
    {0},
};

/* The recipes of base and adapters, one after the other, and this step. */
static int make_provenance(const struct ift_run *run, struct ift_str *out, struct ift_err *err) {
    const struct args *const a = run->args;
    const char **const dir = ift_alloc((a->adapters.n + 1) * sizeof *dir);
    dir[0] = a->model;
    for (size_t i = 0; i < a->adapters.n; i++) dir[i + 1] = a->adapters.item[i];
    const int rc = ift_provenance_gather(out, dir, a->adapters.n + 1, run, err);
    ift_str_addc(out, '\n');
    free(dir);
    return rc;
}

static int merge(const struct ift_run *run, struct ift_model *m, struct ift_peft **adapter,
                 struct ift_err *err) {
    const struct args *const a = run->args;
    enum ift_dtype dtype;
    const bool keep = !ift_dtype_parse(a->dtype, &dtype);
    struct ift_str provenance = {0};
    size_t changed = 0;
    if (a->growth.vocab) IFT_TRY(ift_model_grow(m, &a->growth, err));
    for (size_t i = 0; i < a->adapters.n; i++)
        IFT_TRY(ift_peft_open(&adapter[i], m, a->adapters.item[i], err));
    int rc = make_provenance(run, &provenance, err);
    const struct ift_model_save how = {.dtype = keep ? NULL : &dtype, .provenance = provenance.p};
    if (rc == 0)
        rc = ift_peft_merge_model(m, adapter, a->adapters.n, run->common.output, &how, &changed,
                                  err);
    ift_str_release(&provenance);
    IFT_TRY(rc);
    if (a->growth.vocab)
        ift_note(run, "a vocabulary of %lld rows", (long long)ift_model_config(m)->vocab);
    if (a->adapters.n)
        ift_note(run, "changed %zu of %zu tensors, wrote %s", changed,
                 ift_weights_count(ift_model_weights(m)), run->common.output);
    else
        ift_note(run, "wrote %s", run->common.output);
    return 0;
}

static int run_merge(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    struct ift_model *m;
    if (!a->adapters.n && !a->growth.vocab)
        return ift_fail_usage(err, "no --adapter to merge, and no --vocab to grow to");
    if (!a->growth.vocab && a->growth.multiple)
        return ift_fail_usage(err, "--pad-vocab without --vocab");
    IFT_TRY(ift_model_open(&m, a->model, err));
    struct ift_peft **const adapter = ift_alloc0(a->adapters.n, sizeof *adapter);
    const int rc = merge(run, m, adapter, err);
    for (size_t i = 0; i < a->adapters.n; i++) ift_peft_free(adapter[i]);
    free(adapter);
    ift_model_free(m);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-merge",
    .summary = "a model with adapters folded into its weights, or grown to a vocabulary",
    .operands = "",
    .common = IFT_TAKES_OUTDIR,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run_merge,
};
