/* metrics.h: what a run reports, one JSON object a line:
 *
 *     {"step":12,"epoch":0.4,"loss":1.93,"grad_norm":0.81,"lr":0.0002,
 *      "tokens":2048,"learned":911,"tokens_per_s":903.2,"sol":0.71}
 *     {"step":12,"epoch":0.4,"valid_loss":1.88}
 *
 * step counts updates from 1; epoch is how often the rows were seen by then; loss is the mean over
 * the learned tokens of the update, measured before it; tokens_per_s and sol are of this update
 * alone. sol, speed of light, is the share of time that the strictly necessary matrix products
 * would take at this machine's measured peak.
 */
#ifndef IFT_METRICS_H
#define IFT_METRICS_H

#include "libcore/base/str.h"
#include "libcore/train/trainer.h"

struct ift_metrics_time {
    double seconds; /* of the update */
    double peak;    /* FLOP/s of the device's matrix product */
};

/* Appends a line. time NULL: without what depends on the clock, so that runs can be compared byte
 * by byte. */
void ift_metrics_update(struct ift_str *line, long long step, double epoch, double lr,
                        const struct ift_update *u, const struct ift_metrics_time *time);
void ift_metrics_valid(struct ift_str *line, long long step, double epoch, double loss);

#endif
