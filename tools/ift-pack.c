#include "libcore/base/tool.h"
#include "libcore/shard/pack.h"
#include "libcore/shard/rowout.h"

struct args {
    long long length, window;
    const char *longer, *as;
    bool shuffle;
};

static const struct ift_opt opts[] = {
    IFT_OPT_INT('\0', "length", struct args, length, "N", 1, IFT_ROW_LONGEST, 2048, "tokens a row"),
    IFT_OPT_CHOICE('\0', "long", struct args, longer, NULL, "drop", ift_pack_long,
                   "what becomes of documents longer than a row"),
    IFT_OPT_INT('\0', "window", struct args, window, "N", 1, 1 << 30, 1 << 22,
                "tokens that are gathered before rows are made"),
    IFT_OPT_FLAG('\0', "shuffle", struct args, shuffle,
                 "write the rows of a window in an order drawn from the seed"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, NULL, "shard", ift_rowout_as,
                   "how rows are written"),
    {0},
};

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const struct ift_pack job = {
        .length = a->length,
        .window = a->window > 2 * a->length ? a->window : 2 * a->length,
        .longer = a->longer,
        .shuffle = a->shuffle,
        .as = a->as,
    };
    return ift_pack_run(&job, run, err);
}

const struct ift_tool ift_tool = {
    .name = "ift-pack",
    .summary = "join documents into rows of one length, with their boundaries kept",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_SEED,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
