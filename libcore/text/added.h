/* added.h: tokens that a vocabulary has beside its pieces, as Hugging Face files say it: control
 * tokens, and words that are always found before anything else. The vocabulary's reader asks for
 * each of its pieces whether it is one of them; what is left lies behind the vocabulary. Private to
 * text.
 */
#ifndef IFT_ADDED_H
#define IFT_ADDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/text/trie.h"
#include "libcore/text/u64map.h"

struct ift_tokenizer;

enum { IFT_ADDED_MOST_IDS = 1 << 21 }; /* published vocabularies have up to 2^18 */

struct ift_added_token {
    struct ift_slice name;
    struct ift_slice text; /* what it decodes to; empty: the name */
    int32_t id;            /* -1: that of the piece with this name, when there is one */
    bool special;          /* a control token; otherwise text that is always found */
    bool normalized;       /* looked for in normalized text */
    bool single_word;      /* only where no word character touches it */
    uint8_t strip;         /* 1: takes the white space before it along, 2: after it */
};

/* A zeroed struct has none. */
struct ift_added {
    struct ift_arena arena;
    struct ift_added_token *token;
    size_t n, cap;
    struct ift_trie names; /* -> index in token */
    struct ift_u64map ids;
};
void ift_added_release(struct ift_added *a);
/* Lets the token at `index` decode to something else than its name. */
void ift_added_set_text(struct ift_added *a, size_t index, const char *p, size_t n);

/* Adds one, or gives the flags of `token`, which is copied, to the one of that id; a token known by
 * name alone takes an id. Fails on an empty name and on an id out of range. */
int ift_added_put(struct ift_added *a, const struct ift_added_token *token,
                  struct ift_err *err) IFT_MUST_CHECK;
/* The same from an object with "content" and flags, as in "added_tokens"; id < 0: its "id". */
int ift_added_read(struct ift_added *a, const struct ift_json *doc, int node, int64_t id,
                   struct ift_err *err) IFT_MUST_CHECK;

/* Makes the token of that name a control token, whatever its id; one that is not known yet waits
 * for a piece of its name. An empty name is nothing. */
int ift_added_special(struct ift_added *a, struct ift_slice name,
                      struct ift_err *err) IFT_MUST_CHECK;
/* A control token with that id, unless the id or the name is taken. */
int ift_added_behind(struct ift_added *a, uint32_t id, struct ift_slice name,
                     struct ift_err *err) IFT_MUST_CHECK;

/* The added token that piece `id` with this name is, or NULL: one of that id, whatever its name, or
 * one of that name that has no id, which takes this one. */
const struct ift_added_token *ift_added_claim(struct ift_added *a, uint32_t id,
                                              struct ift_slice name);

/* Once all pieces are there: appends what lies behind them, and makes every token findable.
 * normalizes: text is normalized, so `normalized` means something. */
int ift_added_finish(const struct ift_added *a, struct ift_tokenizer *t, bool normalizes,
                     struct ift_err *err) IFT_MUST_CHECK;

#endif
