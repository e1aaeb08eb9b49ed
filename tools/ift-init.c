#include "libcore/base/tool.h"
#include "libcore/model/model.h"
#include "libcore/shard/provenance.h"

struct args {
    const char *config, *dtype;
};

static const char *const dtypes[] = {"config", "f32", "bf16", "f16", NULL};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "config", struct args, config, "FILE|DIR",
                     "a config.json, or a folder with one whose other files are copied"),
    IFT_OPT_CHOICE('\0', "dtype", struct args, dtype, NULL, "config", dtypes,
                   "what weights are stored as; config: as the config says"),
    {0},
};

static int run_init(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    enum ift_dtype dtype;
    const bool given = ift_dtype_parse(a->dtype, &dtype);
    struct ift_str provenance = {0};
    ift_provenance_add(&provenance, NULL, run);
    ift_str_addc(&provenance, '\n');
    const struct ift_model_create how = {
        .seed = run->seed, .dtype = given ? &dtype : NULL, .provenance = provenance.p};
    const int rc = ift_model_create(a->config, run->common.output, &how, err);
    ift_str_release(&provenance);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-init",
    .summary = "a model folder with random weights, to train from scratch",
    .operands = "",
    .common = IFT_TAKES_OUTDIR | IFT_TAKES_SEED,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run_init,
};
