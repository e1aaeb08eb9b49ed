#include "libcore/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/io/stream.h"
#include "libcore/text/tokenizer_internal.h"

const struct ift_tokenizer_info *ift_tokenizer_info(const struct ift_tokenizer *t) {
    return &t->info;
}

struct ift_slice ift_tokenizer_piece(const struct ift_tokenizer *t, uint32_t id, bool *control) {
    const enum ift_piece_kind kind = t->vocab.kind[id];
    if (control)
        *control = kind == IFT_PIECE_CONTROL || kind == IFT_PIECE_UNKNOWN || kind == IFT_PIECE_GAP;
    return ift_vocab_piece(&t->vocab, id);
}

int32_t ift_tokenizer_control(const struct ift_tokenizer *t, const char *name, size_t n) {
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, i);
        const enum ift_piece_kind kind = t->vocab.kind[i];
        if ((kind == IFT_PIECE_CONTROL || kind == IFT_PIECE_UNKNOWN) && s.n == n &&
            memcmp(s.p, name, n) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* ---- opening ---- */

static bool begins_json(struct ift_slice text) {
    size_t i = 0;
    while (i < text.n && strchr(" \t\r\n", text.p[i]) && text.p[i]) i++;
    return i < text.n && text.p[i] == '{';
}

static int read_text(struct ift_tokenizer *t, struct ift_slice text, struct ift_err *err) {
    if (begins_json(text)) return ift_tokenizer_read_json(t, text, err);
    struct ift_added none = {0};
    return ift_tokenizer_read_model(t, text, 0, &none, err);
}

static int read_file(struct ift_tokenizer *t, const char *path, struct ift_err *err) {
    struct ift_str text = {0};
    int rc = ift_in_slurp(path, &text, 0, err);
    const struct ift_slice s = {text.p ? text.p : "", text.n};
    const bool tiktoken = rc == 0 && ift_tiktoken_is(s);
    if (rc == 0 && !tiktoken && (rc = read_text(t, s, err)) < 0) ift_fail_in(err, "%s", path);
    ift_str_release(&text);
    return tiktoken ? ift_tokenizer_read_tiktoken_file(t, path, err) : rc;
}

/* What follows from the rest. */
static void settle(struct ift_tokenizer *t) {
    if (t->scheme == &ift_scheme_bytes) ift_bytes_finish(t);
    struct ift_tokenizer_info *const info = &t->info;
    info->size = (uint32_t)t->vocab.n;
    info->digest = ift_vocab_digest(&t->vocab);
    ift_decode_finish(t);
    info->add_bos = info->add_bos && info->bos >= 0;
    info->add_eos = info->add_eos && info->eos >= 0;
    if (info->add_bos) info->before[info->nbefore++] = info->bos;
    if (info->add_eos) info->after[info->nafter++] = info->eos;
}

static struct ift_tokenizer *begin(void) {
    struct ift_tokenizer *const t = ift_alloc0(1, sizeof *t);
    t->info = (struct ift_tokenizer_info){.bos = -1, .eos = -1, .pad = -1, .unk = -1};
    return t;
}

static int finish(struct ift_tokenizer **t, int rc) {
    if (rc == 0) {
        settle(*t);
        return 0;
    }
    ift_tokenizer_free(*t);
    *t = NULL;
    return -1;
}

int ift_tokenizer_open(struct ift_tokenizer **t, const char *path, struct ift_err *err) {
    struct stat st;
    if (stat(path, &st) < 0) return ift_fail_errno(err, "%s", path);
    *t = begin();
    return finish(t, S_ISDIR(st.st_mode) ? ift_tokenizer_read_folder(*t, path, err)
                                         : read_file(*t, path, err));
}

int ift_tokenizer_open_text(struct ift_tokenizer **t, struct ift_slice text, struct ift_err *err) {
    *t = begin();
    return finish(t, read_text(*t, text, err));
}

void ift_tokenizer_free(struct ift_tokenizer *t) {
    if (!t) return;
    ift_vocab_release(&t->vocab);
    ift_normalizer_release(&t->normalizer);
    ift_bpe_release(&t->bpe);
    for (size_t i = 0; i < 2; i++) {
        ift_trie_release(&t->added[i]);
        ift_trie_release(&t->added_normal[i]);
    }
    ift_u64map_release(&t->manner);
    ift_u64map_release(&t->chars);
    ift_joins_release(&t->joins);
    ift_trie_release(&t->user);
    ift_unigram_release(&t->unigram);
    free(t->decoding.unknown);
    free(t->shown);
    free(t);
}
