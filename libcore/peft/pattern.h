/* pattern.h: regular expressions over module names, as PEFT configurations hold them (Python's re).
 *
 * Understood: literals, `.`, classes with ranges and negation, \d \D \w \W \s \S and escaped
 * punctuation, groups `(...)` and `(?:...)`, `|`, `*` `+` `?` `{m,n}` and their lazy forms (which
 * differ in what they would capture, not in what matches), `^` `$`, look-ahead `(?=...)` `(?!...)`.
 * Anything else, such as look-behind and back references, is refused by name. All alternatives are
 * followed at once (Thompson's construction), so no pattern takes more than its length times the
 * text's length.
 */
#ifndef IFT_PATTERN_H
#define IFT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"

struct ift_pattern;
int ift_pattern_new(struct ift_pattern **p, const char *text, struct ift_err *err) IFT_MUST_CHECK;
/* Does the whole of `name` match (re.fullmatch)? */
bool ift_pattern_matches(const struct ift_pattern *p, const char *name);
void ift_pattern_free(struct ift_pattern *p); /* NULL is fine */

#endif
