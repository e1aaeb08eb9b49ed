/* result.h: what a run leaves behind: the adapter as PEFT loads it, or, where the base itself was
 * trained, a model folder as transformers loads it, each tensor rounded once to the type it has in
 * the base's files.
 */
#ifndef IFT_RESULT_H
#define IFT_RESULT_H

#include "libcore/peft/peft.h"

/* Adds the result and provenance.json (`provenance`: a JSON array) to the folder dir. */
int ift_result_save(const char *dir, struct ift_peft *p, struct ift_device *d,
                    const char *provenance, struct ift_err *err) IFT_MUST_CHECK;

#endif
