/* session.h: everything that turns records into questions for one model: a processor, the model
 * with or without an adapter, its vocabulary and a prompt. What ift-generate, ift-score and
 * ift-eval have in common.
 */
#ifndef IFT_SESSION_H
#define IFT_SESSION_H

#include "libcore/data/record.h"
#include "libcore/model/model.h"
#include "libcore/peft/peft.h"
#include "libcore/shard/row.h"
#include "libcore/text/prompt.h"

struct ift_session_opts {
    const char *model;   /* folder */
    const char *adapter; /* folder, or NULL */
    const char *backend; /* "auto", "cpu", ... */
    int threads;
    bool no_mmap;            /* ift_model_hold */
    const char *prompt;      /* name or file; NULL: bare text */
    const char *prompt_vars; /* prompt.h; may be NULL */
    const char *field;       /* of bare text: the key that holds it */
};

struct ift_session {
    struct ift_device device;
    struct ift_model *model;
    struct ift_peft *peft; /* NULL: none */
    struct ift_tokenizer *tokenizer;
    int32_t eos[IFT_MAX_EOS + 1]; /* ids that end an answer: the config's and the vocabulary's */
    size_t neos;
    /* What rendering needs; one thread. */
    const char *field;
    struct ift_prompt *prompt;
    struct ift_encoder *encoder;
    struct ift_record record;
    struct ift_rendering rendering;
    struct ift_tokens tokens;
    uint8_t *learn;
    size_t learn_cap;
    uint32_t length;
};

/* Without a vocabulary in the model's folder only ids can be used: tokenizer is NULL unless
 * `prompt` or `field` asks for one. */
int ift_session_open(struct ift_session *s, const struct ift_session_opts *o,
                     struct ift_err *err) IFT_MUST_CHECK;
void ift_session_close(struct ift_session *s);

/* The ids of a record (JSON text), lent until the next call. ask: up to where the answer begins;
 * else with the answer, its tokens marked. Bare text is wholly learned and begins with the
 * vocabulary's first token where it has one. A row of no tokens is an error. s->record describes
 * the record afterwards. */
int ift_session_row(struct ift_session *s, struct ift_slice text, bool ask, struct ift_row *row,
                    struct ift_err *err) IFT_MUST_CHECK;

/* The record's answer as text: the last assistant message, or `output`. Appends; false when there
 * is none. Call after ift_session_row. */
bool ift_session_answer(const struct ift_session *s, struct ift_str *out);

#endif
