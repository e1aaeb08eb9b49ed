/* script.h: which characters a writing system has, as Unicode's Script property says it
 * (Scripts.txt of Unicode 18). What several systems share, digits and punctuation for the most
 * part, belongs to none of them, so nor does the full-width comma to Chinese.
 *
 * To add one: its ranges and a row in the table of script.c.
 */
#ifndef IFT_SCRIPT_H
#define IFT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/err.h"

enum { IFT_SCRIPTS_MOST = 16 };

struct ift_script;
/* Scripts from their names, "han" or "han,hiragana,katakana", closed by NULL. An unknown name is a
 * usage error that lists the known ones. */
int ift_script_parse(const char *names, const struct ift_script *list[IFT_SCRIPTS_MOST + 1],
                     struct ift_err *err) IFT_MUST_CHECK;
bool ift_script_has(const struct ift_script *script, uint32_t code);

#endif
