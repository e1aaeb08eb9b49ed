/* prompt_form.h: the templates of a prompt file, compiled for one vocabulary. Behind prompt.h,
 * which says what the templates are and which slots they have.
 *
 * A file has one form, or a second one for records of more than one round ("rounds").
 */
#ifndef IFT_PROMPT_FORM_H
#define IFT_PROMPT_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/text/tokenizer.h"

enum ift_slot {
    IFT_SLOT_LITERAL,
    IFT_SLOT_INSTRUCTION,
    IFT_SLOT_INPUT,
    IFT_SLOT_OUTPUT,
    IFT_SLOT_SYSTEM,
    IFT_SLOT_TURN,  /* from 1 */
    IFT_SLOT_TURN0, /* from 0 */
    IFT_SLOT_CONTROL
};

struct ift_template_part {
    enum ift_slot slot;
    char *text; /* LITERAL: the text; CONTROL: the token's name */
    size_t n;
    int32_t id; /* CONTROL */
};

struct ift_template {
    bool given;
    struct ift_template_part *part;
    size_t n, cap;
};

enum {
    IFT_FORM_BEGIN,
    IFT_FORM_BEGIN_INPUT,
    IFT_FORM_BEGIN_SYSTEM,
    IFT_FORM_USER,
    IFT_FORM_USER_INPUT,
    IFT_FORM_ANSWER,
    IFT_FORM_ANSWER_LAST,
    IFT_FORM_NEXT,
    IFT_FORM_TEMPLATES
};

struct ift_prompt_form {
    struct ift_template template[IFT_FORM_TEMPLATES];
};

bool ift_template_has(const struct ift_template *t, enum ift_slot slot);

struct ift_prompt_file {
    struct ift_str about;
    struct ift_prompt_form one, rounds;
    bool has_rounds;
};

/* Reads and checks; messages begin with the path. Release whatever it returns. */
int ift_prompt_file_read(struct ift_prompt_file *f, const char *path, const struct ift_tokenizer *t,
                         struct ift_err *err) IFT_MUST_CHECK;
void ift_prompt_file_release(struct ift_prompt_file *f);

#endif
