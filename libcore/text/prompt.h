/* prompt.h: how a record becomes the one text that a model reads, and which bytes of it are
 * learned.
 *
 * A prompt is a file data/prompts/<name>.json: an object of templates, each a string with slots in
 * braces.
 *
 *     begin         once, at the start
 *     user          before each answer
 *     answer        the answer; this is what is learned
 *     next          before each `user` but the first
 *     answer_last   instead of `answer` for the last one, where that ends otherwise
 *     begin_input, user_input, begin_system
 *                   instead of the above where the record has an input or a system text
 *     rounds        an object of the above, for records of more than one round, where those are put
 *                   into other words
 *     about         one line for people; required, like user and answer
 *
 * Slots: {instruction}, {input}, {output}, {system}; {turn}, counted from 1, or {turn0},
 * from 0; {bos}, the vocabulary's first token if it begins texts with one, else nothing; {eos}, the
 * token that ends an answer; {token NAME}, any control token of the vocabulary by its name. `{{`
 * and `}}` are braces.
 * Control tokens come from slots alone: a "</s>" in a record is four characters.
 *
 * The text is tokenized once, as a whole. What is learned is a set of byte spans, so no prefix is
 * tokenized again and no boundary moves; a token that straddles the edge of a span is counted and,
 * as asked, masked or trained.
 *
 * To add a prompt: data/prompts/<name>.json, nothing else.
 */
#ifndef IFT_PROMPT_H
#define IFT_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/record.h"
#include "libcore/text/tokenizer.h"

struct ift_prompt; /* read-only once open: threads share it */

struct ift_prompt_opts {
    /* Of an installed prompt, or a file; "chat": the chat template that lies beside the
     * vocabulary; a file that ends in .jinja: that template (chat.h). */
    const char *name;
    const char *vocab; /* the vocabulary's path; for "chat" */
    const char *vars;  /* JSON object of more variables for a chat template, or NULL */
};

/* Every {token NAME} must be in the vocabulary, and an {eos} needs one. */
int ift_prompt_open(struct ift_prompt **p, const struct ift_prompt_opts *o,
                    const struct ift_tokenizer *t, struct ift_err *err) IFT_MUST_CHECK;
void ift_prompt_free(struct ift_prompt *p); /* NULL is fine */

/* Appends the installed prompts, one a line: name, two blanks or more, what it is. */
int ift_prompt_list(struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

struct ift_span {
    size_t from, to;
};

enum ift_learn {
    IFT_LEARN_ALL,   /* every answer */
    IFT_LEARN_LAST,  /* the last message, if it is an answer */
    IFT_LEARN_PROMPT /* what comes before answers, too */
};

/* A record as text. A zeroed struct is ready and is reused; release when done. */
struct ift_rendering {
    struct ift_str text;
    struct ift_mark *mark; /* control tokens, each over its own name in text; or, of no width and
                              with id -1, a place where the text is cut (said.h) */
    size_t nmarks, mark_cap;
    struct ift_span *learn; /* in order, not overlapping */
    size_t nlearn, learn_cap;
    bool parse_control;  /* the caller's: names of control tokens in the text become those tokens */
    enum ift_learn what; /* the caller's; a message with "train": false is learned in no case */
    struct ift_jrun *run, *probe; /* of a chat template */
};

void ift_rendering_release(struct ift_rendering *r);

/* Renders a record: `messages` where it has them (system, then user and assistant in turn; an
 * assistant message with "train": false is not learned), else instruction, input and output as one
 * turn. `ask` leaves the last answer out, for a model to give: the text ends where that answer
 * begins, and of a dialogue that ends with the user nothing is left out. */
int ift_prompt_render(const struct ift_prompt *p, const struct ift_record *record, bool ask,
                      struct ift_rendering *out, struct ift_err *err) IFT_MUST_CHECK;

enum ift_straddle {
    IFT_STRADDLE_MASK,
    IFT_STRADDLE_TRAIN,
    IFT_STRADDLE_SPLIT /* the text is cut at that edge, so that no token stands across it */
};

/* Tokenizes a rendering; learn[i] (tokens->n, room made by the call) says whether token i is
 * learned. Returns the number of tokens that straddle the edge of a span in *straddling. */
int ift_rendering_tokens(const struct ift_rendering *r, struct ift_encoder *e,
                         enum ift_straddle straddle, struct ift_tokens *tokens, uint8_t **learn,
                         size_t *learn_cap, size_t *straddling, struct ift_err *err) IFT_MUST_CHECK;

#endif
