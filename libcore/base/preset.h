/* preset.h: options kept in a file, --preset NAME. The file is data/presets/NAME.opts (see data.h
 * for where that is looked for) or, with a slash in the name, a file of one's own. One option a
 * line as it would be typed, `--name VALUE`, `--name=VALUE` or `--flag`, the value being the rest
 * of the line without quotes; blank lines and lines that begin with # are skipped.
 */
#ifndef IFT_PRESET_H
#define IFT_PRESET_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

struct ift_preset {
    struct ift_str text;
    char **word; /* as in argv; point into text */
    size_t n;
};

int ift_preset_init(struct ift_preset *preset, const char *name,
                    struct ift_err *err) IFT_MUST_CHECK;
void ift_preset_release(struct ift_preset *preset);

#endif
