/* forecast.h: the memory of a run before it takes any, and its speed.
 *
 * The bytes are not estimates: the graph is described, its memory planned and everything else
 * counted as it will be allocated. What is added is what the process holds already. The total is
 * the most that will be resident at once: weights that are read in place from their files count,
 * although the system may drop their pages when others need the memory, and a table of embeddings
 * counts whole, although only rows that are met come into memory.
 *
 * To add an item: a row in IFT_FORECAST_ITEMS, its bytes in forecast.c, its line in the man page.
 */
#ifndef IFT_FORECAST_H
#define IFT_FORECAST_H

#include "libcore/base/str.h"
#include "libcore/train/trainer.h"

#define IFT_FORECAST_ITEMS(X)                                                                      \
    X(PROCESS, "process", "the program, and the rows")                                             \
    X(WEIGHTS, "weights", "of the base, in memory")                                                \
    X(MAPPED, "mapped", "of the base, read where the files are")                                   \
    X(ADAPTER, "adapter", "")                                                                      \
    X(GRADIENTS, "gradients", "")                                                                  \
    X(OPTIMIZER, "optimizer", "two moments")                                                       \
    X(ACTIVATIONS, "activations", "kept for the backward")                                         \
    X(WORKSPACE, "workspace", "of the operation that needs most")                                  \
    X(CHECKPOINT, "checkpoint", "the largest tensor, when one is written")

enum ift_forecast_item {
#define X(NAME, name, what) IFT_FORECAST_##NAME,
    IFT_FORECAST_ITEMS(X)
#undef X
        IFT_FORECAST_COUNT
};

struct ift_forecast {
    int64_t parameters, trained; /* numbers of base and adapter; of those, the ones that learn */
    size_t bytes[IFT_FORECAST_COUNT];
    double tokens_per_s, seconds; /* of all updates; 0: not forecast */
};

/* Everything but the speed. `process`: bytes that are resident before the run takes its memory.
 * saves: checkpoints will be written. */
int ift_forecast_memory(struct ift_forecast *f, struct ift_model *m, struct ift_peft *p,
                        struct ift_device *d, const struct ift_trainer_config *c, size_t process,
                        bool saves, struct ift_err *err) IFT_MUST_CHECK;
size_t ift_forecast_total(const struct ift_forecast *f);

/* Appends a line an item, its name, its bytes and what it is; "total", their sum; and the speed. */
void ift_forecast_text(const struct ift_forecast *f, struct ift_str *out);
/* Appends "weights 232.3 MB, gradients 232.3 MB, …, total 1184.2 MB", without what is nothing. */
void ift_forecast_line(const struct ift_forecast *f, struct ift_str *out);

#endif
