#include "libcore/text/vocab_train.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/outdir.h"
#include "libcore/io/stream.h"
#include "libcore/text/bpe_train.h"
#include "libcore/text/normalize.h"
#include "libcore/text/pretoken.h"
#include "libcore/text/texts.h"

/* ---- counting words ---- */

struct counting {
    ift_pretoken_fn *pretoken;
    struct ift_normalizer normalizer;
    struct ift_wordcount words; /* of all workers that are done */
    uint64_t total;             /* not only the different ones */
};

struct worker {
    struct ift_classes classes;
    struct ift_normal normal;
    struct ift_bounds bounds;
    struct ift_wordcount words;
    uint64_t total;
};

static void *begin_worker(void *ctx) {
    (void)ctx;
    return ift_alloc0(1, sizeof(struct worker));
}

static int count_words(void *ctx, void *local, struct ift_slice text, struct ift_err *err) {
    const struct counting *const c = ctx;
    struct worker *const w = local;
    if (text.n > INT32_MAX)
        return IFT_FAIL(err, "a text of %zu bytes without a line break, at most 2 GiB", text.n);
    if (c->normalizer.nfc) {
        ift_normalize(&c->normalizer, text.p, text.n, true, &w->normal);
        text = ift_str_slice(&w->normal.text);
    }
    const enum ift_pretoken_kind how = ift_pretoken_kind(c->pretoken);
    ift_pretoken_bounds(how, text.p, text.n, &w->bounds);
    for (size_t at = 0, end; at < text.n; at = end) {
        end = ift_pretoken_end(how, &w->bounds, at);
        if (end == 0) end = at + c->pretoken(&w->classes, text.p + at, text.n - at);
        ift_wordcount_add(&w->words, (struct ift_slice){text.p + at, end - at}, 1);
        w->total++;
    }
    return 0;
}

static void end_worker(void *ctx, void *local) {
    struct counting *const c = ctx;
    struct worker *const w = local;
    c->total += w->total;
    if (c->words.n == 0) {
        c->words = w->words;
    } else {
        ift_wordcount_join(&c->words, &w->words);
        ift_wordcount_release(&w->words);
    }
    ift_classes_release(&w->classes);
    ift_normal_release(&w->normal);
    ift_bounds_release(&w->bounds);
    free(w);
}

static int count(const struct ift_vocab_train *job, struct counting *c, const struct ift_run *run,
                 struct ift_texts_seen *seen, struct ift_err *err) {
    static ift_pretoken_fn *const scan[] = {[IFT_CUT_GPT2] = ift_pretoken_gpt2,
                                            [IFT_CUT_LLAMA3] = ift_pretoken_llama3,
                                            [IFT_CUT_QWEN] = ift_pretoken_qwen};
    c->pretoken = scan[job->cut];
    c->normalizer.keep_bytes = job->cut == IFT_CUT_QWEN;
    c->normalizer.nfc = c->normalizer.keep_bytes ? IFT_NFC_9 : IFT_NFC_NONE;
    const struct ift_texts texts = {job->paths,   job->npaths, job->field,
                                    begin_worker, end_worker,  count_words};
    return ift_texts_run(&texts, c, run, seen, err);
}

/* ---- writing ---- */

static void add_quoted(struct ift_str *out, const char *text) {
    ift_json_quote(out, text, strlen(text));
}

/* "key": "name" or null, for tokenizer_config.json. */
static void add_named(struct ift_str *out, const char *key, const char *name) {
    if (!name) return;
    ift_str_addf(out, "  \"%s\": ", key);
    add_quoted(out, name);
    ift_str_adds(out, ",\n");
}

static void add_special_tokens(struct ift_str *out, const struct ift_bpe_learned *l) {
    ift_str_adds(out, "  \"added_tokens\": [");
    for (uint32_t id = 0; id < l->nspecial; id++) {
        const struct ift_slice name = ift_vocab_piece(&l->name, id);
        ift_str_addf(out,
                     "%s\n    {\n      \"id\": %" PRIu32 ",\n      \"content\": ", id ? "," : "",
                     id);
        ift_json_quote(out, name.p, name.n);
        ift_str_adds(out, ",\n      \"single_word\": false,\n      \"lstrip\": false,\n"
                          "      \"rstrip\": false,\n      \"normalized\": false,\n"
                          "      \"special\": true\n    }");
    }
    ift_str_adds(out, l->nspecial ? "\n  ],\n" : "],\n");
}

/* A ByteLevel component, its inside indented by so many blanks. */
static void add_byte_level(struct ift_str *out, int indent, bool prefix, bool cuts) {
    ift_str_addf(out,
                 "{\n%*s\"type\": \"ByteLevel\",\n%*s\"add_prefix_space\": %s,\n"
                 "%*s\"trim_offsets\": true,\n%*s\"use_regex\": %s\n%*s}",
                 indent, "", indent, "", prefix ? "true" : "false", indent, "", indent, "",
                 cuts ? "true" : "false", indent - 2, "");
}

/* What cuts text into words: a part of its own for all but GPT-2's, which ByteLevel has. */
static void add_cutting(struct ift_str *out, const struct counting *c) {
    ift_str_adds(out, c->normalizer.nfc ? "  \"normalizer\": {\n    \"type\": \"NFC\"\n  },\n"
                                        : "  \"normalizer\": null,\n");
    ift_str_adds(out, "  \"pre_tokenizer\": ");
    if (c->pretoken == ift_pretoken_gpt2) {
        add_byte_level(out, 4, false, true);
    } else {
        ift_str_adds(out, "{\n    \"type\": \"Sequence\",\n    \"pretokenizers\": [\n      {\n"
                          "        \"type\": \"Split\",\n        \"pattern\": {\n"
                          "          \"Regex\": ");
        add_quoted(out, ift_pretoken_expression(c->pretoken));
        ift_str_adds(out, "\n        },\n        \"behavior\": \"Isolated\",\n"
                          "        \"invert\": false\n      },\n      ");
        add_byte_level(out, 8, false, false);
        ift_str_adds(out, "\n    ]\n  }");
    }
    ift_str_adds(out, ",\n");
}

static void add_model(struct ift_str *out, const struct ift_bpe_learned *l) {
    ift_str_adds(out, "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n"
                      "    \"unk_token\": null,\n    \"continuing_subword_prefix\": null,\n"
                      "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n"
                      "    \"byte_fallback\": false,\n    \"ignore_merges\": false,\n"
                      "    \"vocab\": {");
    for (uint32_t id = 0; id < l->name.n; id++) {
        const struct ift_slice name = ift_vocab_piece(&l->name, id);
        ift_str_adds(out, id ? ",\n      " : "\n      ");
        ift_json_quote(out, name.p, name.n);
        ift_str_addf(out, ": %" PRIu32, id);
    }
    ift_str_adds(out, "\n    },\n    \"merges\": [");
    for (size_t i = 0; i < l->nmerges; i++) {
        const struct ift_slice left = ift_vocab_piece(&l->name, l->merge[i].left),
                               right = ift_vocab_piece(&l->name, l->merge[i].right);
        ift_str_adds(out, i ? ",\n      [\n        " : "\n      [\n        ");
        ift_json_quote(out, left.p, left.n);
        ift_str_adds(out, ",\n        ");
        ift_json_quote(out, right.p, right.n);
        ift_str_adds(out, "\n      ]");
    }
    ift_str_adds(out, l->nmerges ? "\n    ]\n  }\n}" : "]\n  }\n}");
}

static void print_tokenizer(struct ift_str *out, const struct counting *c,
                            const struct ift_bpe_learned *l) {
    ift_str_adds(out,
                 "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n");
    add_special_tokens(out, l);
    add_cutting(out, c);
    ift_str_adds(out, "  \"post_processor\": null,\n  \"decoder\": ");
    add_byte_level(out, 4, true, true);
    ift_str_adds(out, ",\n");
    add_model(out, l);
}

static void print_config(struct ift_str *out, const struct ift_vocab_train *job) {
    ift_str_adds(out, "{\n  \"add_bos_token\": false,\n  \"add_eos_token\": false,\n");
    add_named(out, "bos_token", job->bos);
    ift_str_adds(out, "  \"clean_up_tokenization_spaces\": false,\n");
    add_named(out, "eos_token", job->eos);
    add_named(out, "pad_token", job->pad);
    ift_str_adds(out, "  \"tokenizer_class\": \"PreTrainedTokenizerFast\"\n}\n");
}

static int write_folder(const struct ift_vocab_train *job, const struct counting *c,
                        const struct ift_bpe_learned *l, struct ift_outdir *dir,
                        struct ift_err *err) {
    struct ift_str text = {0};
    print_config(&text, job);
    int rc = ift_out_text(ift_outdir_path(dir, "tokenizer_config.json"), ift_str_slice(&text), err);
    if (rc == 0)
        rc = ift_out_text(ift_outdir_path(dir, "provenance.json"), ift_slice(job->provenance), err);
    ift_str_clear(&text);
    print_tokenizer(&text, c, l);
    if (rc == 0)
        rc = ift_out_text(ift_outdir_path(dir, "tokenizer.json"), ift_str_slice(&text), err);
    ift_str_release(&text);
    return rc;
}

/* ---- the whole ---- */

/* In the order of their ids. */
static const char **list_special(const struct ift_vocab_train *job, size_t *n) {
    const char *const role[] = {job->bos, job->eos, job->pad};
    const char **const list = ift_alloc0(job->nspecial + 3, sizeof *list);
    *n = 0;
    for (size_t i = 0; i < 3; i++)
        if (role[i]) list[(*n)++] = role[i];
    for (size_t i = 0; i < job->nspecial; i++) list[(*n)++] = job->special[i];
    return list;
}

static int learn(const struct ift_vocab_train *job, const struct counting *c,
                 struct ift_bpe_learned *l, struct ift_err *err) {
    size_t nspecial;
    const char **const special = list_special(job, &nspecial);
    const struct ift_bpe_train train = {job->size, job->least, special, nspecial};
    const int rc = ift_bpe_train(&train, &c->words, l, err);
    free(special);
    return rc;
}

int ift_vocab_train(const struct ift_vocab_train *job, const char *dir, const struct ift_run *run,
                    struct ift_err *err) {
    struct counting c = {0};
    struct ift_bpe_learned l = {0};
    struct ift_texts_seen seen;
    struct ift_outdir *out = NULL;
    IFT_TRY(ift_outdir_open(&out, dir, IFT_OUTDIR_NEW, err));
    int rc = count(job, &c, run, &seen, err);
    if (rc == 0) rc = learn(job, &c, &l, err);
    if (rc == 0) rc = write_folder(job, &c, &l, out, err);
    if (rc == 0) {
        ift_note(run,
                 "%" PRIu64 " bytes, %" PRIu64 " words, %zu different; %zu tokens, %zu merges%s",
                 seen.bytes, c.total, c.words.n, l.name.n, l.nmerges,
                 l.name.n < job->size ? "; no other pair occurs often enough" : "");
        rc = ift_outdir_commit(out, err);
    } else {
        ift_outdir_abandon(out);
    }
    ift_wordcount_release(&c.words);
    ift_bpe_learned_release(&l);
    return rc;
}
