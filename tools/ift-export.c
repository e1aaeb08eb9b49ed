#include "libcore/base/tool.h"
#include "libcore/export/export.h"
#include "libcore/shard/provenance.h"

struct args {
    const char *model, *to, *dtype;
    double shard_size;
};

static const char *const dtypes[] = {"keep", "f32", "bf16", "f16", "q8_0", NULL};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR", "a Hugging Face model folder"),
    IFT_OPT_REQUIRED('\0', "to", struct args, to, "FORMAT", "hf, pth or gguf: see ift-export(1)"),
    IFT_OPT_CHOICE('\0', "dtype", struct args, dtype, NULL, NULL, dtypes,
                   "what weights are stored as; keep: as in the model (pth: f16 unless said)"),
    IFT_OPT_FLOAT('\0', "shard-size", struct args, shard_size, "GB", 0, 1e6, 0,
                  "hf: split weights into files of at most so many 10^9 bytes (0: 5)"),
    {0},
};

static int unknown(const char *name, struct ift_err *err) {
    struct ift_str known = {0};
    for (const struct ift_export *const *e = ift_export_all(); *e; e++)
        ift_str_addf(&known, "%s%s", known.n ? ", " : "", (*e)->name);
    ift_fail_usage(err, "no format \"%s\", only %s", name, known.p);
    ift_str_release(&known);
    return -1;
}

static int run_export(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const struct ift_export *const format = ift_export_find(a->to);
    struct ift_model *m;
    struct ift_str provenance = {0};
    if (!format) return unknown(a->to, err);
    IFT_TRY(ift_model_open(&m, a->model, err));
    int rc = ift_provenance_gather(&provenance, &a->model, 1, run, err);
    ift_str_addc(&provenance, '\n');
    if (rc == 0)
        rc = ift_export_model(format, m, run->common.output, a->dtype,
                              (size_t)(a->shard_size * 1e9), provenance.p, err);
    if (rc == 0)
        ift_note(run, "wrote %zu tensors to %s, %s", ift_weights_count(ift_model_weights(m)),
                 run->common.output, format->about);
    ift_str_release(&provenance);
    ift_model_free(m);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-export",
    .summary = "a model in the format of another program",
    .operands = "",
    .common = IFT_TAKES_OUTDIR,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run_export,
};
