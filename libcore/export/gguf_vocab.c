#include "libcore/export/gguf_vocab.h"

#include <stdio.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/model/vocab_files.h"
#include "libcore/text/spelling.h"

#define META "\xe2\x96\x81" /* U+2581 */

/* ---- tokens ---- */

/* llama.cpp begins anew behind each token that it finds first, with a space in front if texts have
 * one: there the user-defined pieces of a SentencePiece model are ordinary ones with the best score
 * instead, which is nearly the same. */
static int32_t kind_of(const struct ift_spelling *s, size_t i) {
    if (i >= s->n) return IFT_SPELLED_UNUSED;
    const struct ift_spelled *const p = &s->piece[i];
    const bool ordinary = p->kind == IFT_SPELLED_USER && !p->added && s->dummy_prefix;
    return ordinary ? IFT_SPELLED_NORMAL : (int32_t)p->kind;
}

/* What is found first is found in text as it is, before spaces are spelled. */
static struct ift_slice plain(const struct ift_spelling *s, size_t i, struct ift_str *text) {
    const struct ift_slice spelled = s->piece[i].text;
    if (kind_of(s, i) != IFT_SPELLED_USER) return spelled;
    ift_str_clear(text);
    for (size_t k = 0; k < spelled.n; k++) {
        const bool meta = spelled.n - k >= 3 && memcmp(spelled.p + k, META, 3) == 0;
        ift_str_addc(text, meta ? ' ' : spelled.p[k]);
        if (meta) k += 2;
    }
    return ift_str_slice(text);
}

static void add_texts(struct ift_gguf *g, const struct ift_spelling *s, size_t rows) {
    struct ift_str text = {0};
    ift_gguf_add_array(g, "tokenizer.ggml.tokens", IFT_GGUF_TEXT, rows);
    for (size_t i = 0; i < rows; i++) {
        char pad[32];
        snprintf(pad, sizeof pad, "[PAD%zu]", i);
        const bool there = i < s->n && s->piece[i].text.p;
        ift_gguf_item_text(g, there ? plain(s, i, &text) : ift_slice(pad));
    }
    ift_str_release(&text);
}

static void add_tokens(struct ift_gguf *g, const struct ift_spelling *s, size_t rows) {
    add_texts(g, s, rows);
    if (!s->bytes) {
        ift_gguf_add_array(g, "tokenizer.ggml.scores", IFT_GGUF_F32, rows);
        for (size_t i = 0; i < rows; i++)
            ift_gguf_item_f32(g, i < s->n && s->piece[i].text.p ? s->piece[i].score : -10000);
    }
    ift_gguf_add_array(g, "tokenizer.ggml.token_type", IFT_GGUF_I32, rows);
    for (size_t i = 0; i < rows; i++) ift_gguf_item_i32(g, kind_of(s, i));
    if (!s->bytes) return;
    ift_gguf_add_array(g, "tokenizer.ggml.merges", IFT_GGUF_TEXT, s->nmerges);
    for (size_t i = 0; i < s->nmerges; i++) ift_gguf_item_text(g, s->merge[i]);
}

/* What llama.cpp calls the ways of cutting text into words. */
static int add_kind(struct ift_gguf *g, const struct ift_spelling *s, const char *folder,
                    struct ift_err *err) {
    static const char *const words[] = {[IFT_WORDS_GPT2] = "gpt-2",
                                        [IFT_WORDS_LLAMA3] = "llama-bpe",
                                        [IFT_WORDS_QWEN] = "qwen2",
                                        [IFT_WORDS_BLOOM] = "bloom"};
    if (!s->bytes && s->rewrites)
        return IFT_FAIL(err, "%s: its vocabulary normalizes text, which GGUF cannot say", folder);
    if (s->bytes && s->words == IFT_WORDS_WHOLE)
        return IFT_FAIL(err, "%s: its vocabulary does not cut text into words, llama.cpp does",
                        folder);
    if (s->bytes && s->dummy_prefix)
        return IFT_FAIL(err, "%s: its vocabulary puts a space in front, llama.cpp does not",
                        folder);
    if (s->bytes && s->whole_words != (s->words == IFT_WORDS_LLAMA3))
        return IFT_FAIL(err, "%s: \"ignore_merges\" is %s, llama.cpp takes the opposite for \"%s\"",
                        folder, s->whole_words ? "true" : "false", words[s->words]);
    ift_gguf_add_text(g, "tokenizer.ggml.model", ift_slice(s->bytes ? "gpt2" : "llama"));
    ift_gguf_add_text(g, "tokenizer.ggml.pre", ift_slice(s->bytes ? words[s->words] : "default"));
    if (!s->bytes) ift_gguf_add_bool(g, "tokenizer.ggml.add_space_prefix", s->dummy_prefix);
    return 0;
}

/* ---- what lies beside them ---- */

static void add_id(struct ift_gguf *g, const char *key, int32_t id, int32_t otherwise) {
    const int32_t chosen = id >= 0 ? id : otherwise;
    if (chosen >= 0) ift_gguf_add_u32(g, key, (uint32_t)chosen);
}

static void add_ids(struct ift_gguf *g, const struct ift_tokenizer_info *info,
                    const struct ift_config *c) {
    add_id(g, "tokenizer.ggml.bos_token_id", info->bos, c->bos);
    add_id(g, "tokenizer.ggml.eos_token_id", info->eos, c->neos ? c->eos[0] : -1);
    add_id(g, "tokenizer.ggml.unknown_token_id", info->unk, -1);
    add_id(g, "tokenizer.ggml.padding_token_id", info->pad, c->pad);
    ift_gguf_add_bool(g, "tokenizer.ggml.add_bos_token", info->add_bos);
    ift_gguf_add_bool(g, "tokenizer.ggml.add_eos_token", info->add_eos);
}

/* A string, or a list of {"name", "template"} of which "default" is the one. */
static int find_template(const struct ift_json *doc) {
    const int node = ift_json_get(doc, 0, "chat_template");
    if (!ift_json_is(doc, node, IFT_JSON_ARRAY)) return node;
    for (int v = ift_json_first(doc, node); v >= 0; v = ift_json_next(doc, node, v))
        if (ift_json_text_is(doc, ift_json_get(doc, v, "name"), "default"))
            return ift_json_get(doc, v, "template");
    return -1;
}

/* chat_template.jinja, as transformers prefers it, or the one in tokenizer_config.json. */
static int add_template(struct ift_gguf *g, const char *folder, struct ift_err *err) {
    static const char key[] = "tokenizer.chat_template";
    struct ift_str text = {0}, value = {0};
    struct ift_json doc = {0};
    int rc = ift_in_slurp_from(folder, "chat_template.jinja", &text, err);
    if (rc == 1 && text.n) ift_gguf_add_text(g, key, ift_str_slice(&text));
    if (rc == 0 && (rc = ift_in_slurp_from(folder, "tokenizer_config.json", &text, err)) == 1) {
        rc = ift_json_parse(&doc, text.p, text.n, err);
        if (rc < 0) ift_fail_in(err, "%s/tokenizer_config.json", folder);
        const int node = rc < 0 ? -1 : find_template(&doc);
        if (ift_json_is(&doc, node, IFT_JSON_STRING)) ift_json_text(&doc, node, &value);
        if (value.n) ift_gguf_add_text(g, key, ift_str_slice(&value));
    }
    ift_json_release(&doc);
    ift_str_release(&value);
    ift_str_release(&text);
    return rc < 0 ? -1 : 0;
}

static int add_all(struct ift_gguf *g, const struct ift_model *m, const struct ift_tokenizer *t,
                   const struct ift_spelling *s, struct ift_err *err) {
    const struct ift_config *const c = ift_model_config(m);
    const char *const folder = ift_model_dir(m);
    if (!s->n || (s->bytes && !s->nmerges))
        return IFT_FAIL(err, "%s: a vocabulary of this kind is written from a tokenizer.json only",
                        folder);
    if (s->n > (size_t)c->vocab)
        return IFT_FAIL(err, "%s: %zu tokens, but rows for %lld", folder, s->n,
                        (long long)c->vocab);
    IFT_TRY(add_kind(g, s, folder, err));
    add_tokens(g, s, (size_t)c->vocab);
    add_ids(g, ift_tokenizer_info(t), c);
    return add_template(g, folder, err);
}

int ift_gguf_add_vocab(struct ift_gguf *g, const struct ift_model *m, struct ift_err *err) {
    const char *const folder = ift_model_dir(m);
    struct ift_tokenizer *t;
    struct ift_spelling s = {0};
    if (!ift_vocab_files_there(folder)) {
        ift_gguf_add_text(g, "tokenizer.ggml.model", ift_slice("none"));
        return 0;
    }
    IFT_TRY(ift_tokenizer_open(&t, folder, err));
    int rc = ift_spelling_read(&s, folder, t, err);
    if (rc == 0) rc = add_all(g, m, t, &s, err);
    ift_spelling_release(&s);
    ift_tokenizer_free(t);
    return rc;
}
