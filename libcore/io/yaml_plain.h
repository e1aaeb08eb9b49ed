/* yaml_plain.h: items as programs write them, read without libyaml, which takes most of the time:
 * one element of a block sequence at the left margin that is a mapping of plain keys to scalars,
 *
 *     - key: plain
 *       other: 'single', or "double", or plain
 *         on several lines
 *       text: |-
 *         lines, or folded ones
 *
 * and nothing else: no anchor, tag, alias, comment, flow or nested collection; no tab but in the
 * text of a block, no control character. Whatever is not surely of
 * this shape is left to libyaml. Private to yaml.
 */
#ifndef IFT_YAML_PLAIN_H
#define IFT_YAML_PLAIN_H

#include <stdbool.h>

#include "libcore/base/str.h"

/* Appends the item, whole lines from its dash on, as JSON: true. False: it is not of the shape, and
 * json is as it was. */
bool ift_yaml_plain(struct ift_slice item, struct ift_str *json);

#endif
