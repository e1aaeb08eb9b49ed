/* recode_pairs.h: encodings in which a byte below 0x80 is ASCII, most characters are two bytes and
 * nothing depends on what came before: GB18030, GBK, GB2312. What two bytes are is asked of iconv
 * when they are first met, and remembered: ten times as fast, and the same by construction.
 *
 * To add an encoding: its name in the list of recode_pairs.c and in tests/unit/test_recode.c, which
 * shows whether it is one of this kind.
 */
#ifndef IFT_RECODE_PAIRS_H
#define IFT_RECODE_PAIRS_H

#include <iconv.h>
#include <stddef.h>

struct ift_recode_pairs;
/* NULL: the encoding is another. */
struct ift_recode_pairs *ift_recode_pairs_new(const char *encoding);
void ift_recode_pairs_free(struct ift_recode_pairs *pairs);
/* Converts as iconv() does, as far as ASCII and pairs go and there is room. `cd` is as it was
 * opened and stays so. */
void ift_recode_pairs_convert(struct ift_recode_pairs *pairs, iconv_t cd, char **from, size_t *left,
                              char **to, size_t *room);

#endif
