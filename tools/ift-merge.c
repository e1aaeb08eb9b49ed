#include <stdlib.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/tool.h"
#include "libcore/io/stream.h"
#include "libcore/peft/peft.h"
#include "libcore/shard/provenance.h"

struct args {
    const char *model, *dtype;
    struct ift_opt_list adapters;
};

static const char *const dtypes[] = {"keep", "f32", "bf16", "f16", NULL};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR",
                     "the base, a Hugging Face model folder"),
    IFT_OPT_LIST('\0', "adapter", struct args, adapters, "DIR",
                 "a PEFT adapter folder to fold in; several add up"),
    IFT_OPT_CHOICE('\0', "dtype", struct args, dtype, NULL, "keep", dtypes,
                   "what weights are stored as; keep: as in the base"),
    {0},
};

/* Appends the steps in DIR/provenance.json, if there is one, to the array that `all` begins. */
static int add_steps(struct ift_str *all, const char *dir, struct ift_err *err) {
    struct ift_str path = {0}, text = {0};
    struct ift_json doc = {0};
    ift_str_addf(&path, "%s/provenance.json", dir);
    int rc = access(path.p, F_OK) != 0 ? 0 : ift_in_slurp(path.p, &text, 0, err);
    if (rc == 0 && text.n && ift_json_parse(&doc, text.p, text.n, err) < 0)
        rc = ift_fail_in(err, "%s", path.p);
    const bool any = rc == 0 && doc.n && ift_json_is(&doc, 0, IFT_JSON_ARRAY);
    for (int v = any ? ift_json_first(&doc, 0) : -1; v >= 0; v = ift_json_next(&doc, 0, v)) {
        ift_str_adds(all, all->n > 1 ? "," : "");
        ift_json_copy(all, &doc, v);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&path);
    return rc;
}

/* The recipes of base and adapters, one after the other, and this step. */
static int make_provenance(const struct ift_run *run, struct ift_str *out, struct ift_err *err) {
    const struct args *const a = run->args;
    struct ift_str before = {0};
    ift_str_addc(&before, '[');
    int rc = add_steps(&before, a->model, err);
    for (size_t i = 0; rc == 0 && i < a->adapters.n; i++)
        rc = add_steps(&before, a->adapters.item[i], err);
    ift_str_addc(&before, ']');
    ift_provenance_add(out, before.p, run);
    ift_str_addc(out, '\n');
    ift_str_release(&before);
    return rc;
}

static int merge(const struct ift_run *run, const struct ift_model *m, struct ift_peft **adapter,
                 struct ift_err *err) {
    const struct args *const a = run->args;
    enum ift_dtype dtype;
    const bool keep = !ift_dtype_parse(a->dtype, &dtype);
    struct ift_str provenance = {0};
    size_t changed = 0;
    for (size_t i = 0; i < a->adapters.n; i++)
        IFT_TRY(ift_peft_open(&adapter[i], m, a->adapters.item[i], err));
    int rc = make_provenance(run, &provenance, err);
    const struct ift_model_save how = {.dtype = keep ? NULL : &dtype, .provenance = provenance.p};
    if (rc == 0)
        rc = ift_peft_merge_model(m, adapter, a->adapters.n, run->common.output, &how, &changed,
                                  err);
    ift_str_release(&provenance);
    IFT_TRY(rc);
    ift_note(run, "changed %zu of %zu tensors, wrote %s", changed,
             ift_weights_count(ift_model_weights(m)), run->common.output);
    return 0;
}

static int run_merge(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    struct ift_model *m;
    if (!a->adapters.n) return ift_fail_usage(err, "no --adapter to merge");
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
    .summary = "a model with adapters folded into its weights",
    .operands = "",
    .common = IFT_TAKES_OUTDIR,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run_merge,
};
