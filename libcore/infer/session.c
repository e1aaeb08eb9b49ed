#include "libcore/infer/session.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

static void add_eos(struct ift_session *s, int32_t id) {
    for (size_t i = 0; i < s->neos; i++)
        if (s->eos[i] == id) return;
    if (id >= 0) s->eos[s->neos++] = id;
}

static int open_text(struct ift_session *s, const struct ift_session_opts *o, struct ift_err *err) {
    const struct ift_config *c = ift_model_config(s->model);
    for (int i = 0; i < c->neos; i++) add_eos(s, c->eos[i]);
    if (o->prompt_vars && !o->prompt)
        return IFT_FAIL(err, "variables are for chat templates, and no prompt is used");
    if (!o->prompt && !o->field) return 0;
    const char *const vocab = ift_model_vocab(s->model);
    IFT_TRY(ift_tokenizer_open(&s->tokenizer, vocab, err));
    const struct ift_tokenizer_info *info = ift_tokenizer_info(s->tokenizer);
    if (info->size > (uint64_t)c->vocab)
        return IFT_FAIL(err, "%s: the vocabulary has %u ids, the model %lld rows for them", vocab,
                        info->size, (long long)c->vocab);
    add_eos(s, info->eos);
    s->encoder = ift_encoder_new(s->tokenizer);
    s->field = o->field;
    if (!o->prompt) return 0;
    const struct ift_prompt_opts prompt = {o->prompt, vocab, o->prompt_vars};
    return ift_prompt_open(&s->prompt, &prompt, s->tokenizer, err);
}

static int open_all(struct ift_session *s, const struct ift_session_opts *o, struct ift_err *err) {
    IFT_TRY(ift_model_open(&s->model, o->model, err));
    if (o->no_mmap) ift_model_hold(s->model);
    if (o->adapter) IFT_TRY(ift_peft_open(&s->peft, s->model, o->adapter, err));
    IFT_TRY(open_text(s, o, err));
    return ift_device_open(&s->device, o->backend, o->threads, err);
}

int ift_session_open(struct ift_session *s, const struct ift_session_opts *o, struct ift_err *err) {
    *s = (struct ift_session){0};
    if (open_all(s, o, err) == 0) return 0;
    ift_session_close(s);
    return -1;
}

void ift_session_close(struct ift_session *s) {
    ift_rendering_release(&s->rendering);
    ift_tokens_release(&s->tokens);
    ift_record_release(&s->record);
    free(s->learn);
    ift_encoder_free(s->encoder);
    ift_prompt_free(s->prompt);
    ift_tokenizer_free(s->tokenizer);
    ift_peft_free(s->peft);
    ift_model_free(s->model);
    if (s->device.backend) ift_device_close(&s->device);
    *s = (struct ift_session){0};
}

/* The text of one field, as a rendering: the first token and the text, all of it learned. */
static int render_bare(struct ift_session *s, struct ift_slice text, struct ift_err *err) {
    struct ift_rendering *r = &s->rendering;
    struct ift_json *doc = &s->record.doc;
    IFT_TRY(ift_json_parse(doc, text.p, text.n, err));
    const int v = ift_json_get(doc, 0, s->field);
    if (!ift_json_is(doc, v, IFT_JSON_STRING)) return IFT_FAIL(err, "missing \"%s\"", s->field);
    const struct ift_tokenizer_info *info = ift_tokenizer_info(s->tokenizer);
    ift_str_clear(&r->text);
    r->nmarks = 0;
    if (info->add_bos && info->bos >= 0) {
        const struct ift_slice piece = ift_tokenizer_piece(s->tokenizer, (uint32_t)info->bos, NULL);
        ift_str_add(&r->text, piece.p, piece.n);
        r->mark = ift_grow(r->mark, 1, &r->mark_cap, sizeof *r->mark);
        r->mark[r->nmarks++] = (struct ift_mark){0, piece.n, info->bos};
    }
    ift_json_text(doc, v, &r->text);
    r->learn = ift_grow(r->learn, 1, &r->learn_cap, sizeof *r->learn);
    r->learn[0] = (struct ift_span){0, r->text.n};
    r->nlearn = 1;
    return 0;
}

int ift_session_row(struct ift_session *s, struct ift_slice text, bool ask, struct ift_row *row,
                    struct ift_err *err) {
    size_t straddling;
    if (s->prompt) {
        IFT_TRY(ift_record_parse(&s->record, text.p, text.n, err));
        IFT_TRY(ift_prompt_render(s->prompt, &s->record, ask, &s->rendering, err));
    } else {
        IFT_TRY(render_bare(s, text, err));
    }
    IFT_TRY(ift_rendering_tokens(&s->rendering, s->encoder, IFT_STRADDLE_MASK, &s->tokens,
                                 &s->learn, &s->learn_cap, &straddling, err));
    if (s->tokens.n == 0) return IFT_FAIL(err, "the text has no tokens");
    s->length = (uint32_t)s->tokens.n;
    *row = (struct ift_row){s->tokens.id, s->learn, s->tokens.n, &s->length, 1};
    return 0;
}

bool ift_session_answer(const struct ift_session *s, struct ift_str *out) {
    const struct ift_json *doc = &s->record.doc;
    if (!s->prompt) return false;
    if (s->record.messages < 0) {
        ift_json_text(doc, s->record.output, out);
        return true;
    }
    int last = -1;
    for (int m = ift_json_first(doc, s->record.messages); m >= 0;
         m = ift_json_next(doc, s->record.messages, m))
        last = m;
    if (!ift_json_text_is(doc, ift_json_get(doc, last, "role"), "assistant")) return false;
    ift_json_text(doc, ift_json_get(doc, last, "content"), out);
    return true;
}
