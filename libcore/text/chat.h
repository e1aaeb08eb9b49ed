/* chat.h: records through the chat template that a model was published with (jinja.h), and which
 * bytes of what it makes are learned. Behind prompt.h, and private to text.
 *
 * A control token is one where the template itself says its name, or through bos_token and
 * eos_token; in what comes from the record the same characters are text.
 *
 * What an answer is follows from the template alone:
 * - Where it marks answers with {% generation %}, those are what is learned.
 * - Else an answer begins where the text ends that asks for it, which is what a model is given
 *   (add_generation_prompt); if the whole does not begin so, since the template looks back or
 *   ahead, at the first byte that comes from its message. It ends with the control token that the
 *   template puts behind it, or else with its last byte; a template that ends the last answer with
 *   none gets the end token there, for without one nothing would teach a model to stop.
 */
#ifndef IFT_CHAT_H
#define IFT_CHAT_H

#include "libcore/text/prompt.h"

struct ift_chat;

/* file: a template, or NULL: the one beside the vocabulary, which `vocab` names as for
 * ift_tokenizer_open: chat_template.jinja, or "chat_template" of tokenizer_config.json. vars: JSON
 * object of what the template may ask for beside messages and tools (enable_thinking, say), or
 * NULL; a record's own "chat_template_kwargs" come before it. */
int ift_chat_open(struct ift_chat **chat, const char *file, const char *vocab, const char *vars,
                  const struct ift_tokenizer *t, struct ift_err *err) IFT_MUST_CHECK;
void ift_chat_free(struct ift_chat *chat); /* NULL is fine */

/* As ift_prompt_render. A record without messages is one turn: system, then instruction and input
 * with a line break between them, then output. */
int ift_chat_render(const struct ift_chat *chat, const struct ift_record *record, bool ask,
                    struct ift_rendering *out, struct ift_err *err) IFT_MUST_CHECK;

#endif
