/* settings.h: what decides the bytes of a result, for a checkpoint to tell whether a run may go on
 * from it.
 */
#ifndef IFT_SETTINGS_H
#define IFT_SETTINGS_H

#include "libcore/train/loop.h"

/* A JSON object of values under the names of the options, with digests of the base and the rows; to
 * be freed. lr and updates: those of the run, where the options leave them open. */
char *ift_settings_text(const struct ift_loop_job *job, const struct ift_loop_options *o, double lr,
                        long long updates);

#endif
