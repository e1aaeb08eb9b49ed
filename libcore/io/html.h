/* html.h: what a piece of HTML says. The only room that knows gumbo, which parses as browsers do.
 */
#ifndef IFT_HTML_H
#define IFT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Whether the text has a tag, opening or closing, of an element that HTML knows: `<p>`, `</div>`,
 * `<br/>`. `a < b` and `<eos>` are none. */
bool ift_html_is(const char *p, size_t n);

/* Appends the text of it: no tags, no comments, no scripts and styles, character references
 * decoded. Where there are blocks (paragraphs, lists, tables), they are laid out as in innerText of
 * the HTML standard: a line each, a blank line around paragraphs, a tab between cells, blanks
 * collapsed but in `pre`. Where there are none, blanks and line breaks stay as they are, but that
 * `br` is a line break. Fails on strict UTF-8 text only where it has more tags than anyone writes.
 */
int ift_html_text(const char *p, size_t n, struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

#endif
