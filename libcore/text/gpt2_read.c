/* vocab.json and merges.txt to tokenizer: ids by name in the byte-level alphabet, and a merge a
 * line, best first, behind a line with a version that not every file has. */
#include <string.h>

#include "libcore/text/hf.h"
#include "libcore/text/tokenizer_internal.h"

static int read_names(struct ift_hf *h, struct ift_slice text, struct ift_err *err) {
    struct ift_json doc = {0};
    int rc = ift_json_parse(&doc, text.p, text.n, err);
    if (rc == 0 && !ift_json_is(&doc, 0, IFT_JSON_OBJECT))
        rc = IFT_FAIL(err, "not an object of tokens with their ids");
    if (rc == 0) rc = ift_hf_tokens(h, &doc, 0, err);
    if (rc == 0) rc = ift_hf_pieces(h, err);
    ift_json_release(&doc);
    if (rc < 0) return -1;
    ift_hf_byte_tokens(h, -1);
    for (unsigned b = 0; b < 256; b++)
        if (h->t->byte_id[b] == IFT_BPE_UNKNOWN)
            return IFT_FAIL(err, "byte %02X has no token: text would be lost", b);
    return 0;
}

static int read_merges(struct ift_hf *h, struct ift_slice text, struct ift_err *err) {
    static const char version[] = "#version";
    int rc = 0;
    for (size_t at = 0, next; rc == 0 && at < text.n; at = next) {
        const char *const end = memchr(text.p + at, '\n', text.n - at);
        struct ift_slice s = {text.p + at, (end ? (size_t)(end - text.p) : text.n) - at};
        next = at + s.n + 1;
        if (s.n > 0 && s.p[s.n - 1] == '\r') s.n--;
        const bool head =
            at == 0 && s.n >= sizeof version - 1 && memcmp(s.p, version, sizeof version - 1) == 0;
        if (s.n > 0 && !head) rc = ift_hf_merge_line(h, s, err);
    }
    return rc == 0 ? ift_hf_merges_end(h, err) : -1;
}

int ift_tokenizer_read_gpt2(struct ift_tokenizer *t, struct ift_slice vocab,
                            struct ift_slice merges, struct ift_added *added, struct ift_err *err) {
    struct ift_hf h = {.t = t, .added = added, .byte_level = true};
    t->scheme = &ift_scheme_bytes;
    t->normalizer.keep_bytes = true;
    int rc = read_names(&h, vocab, err);
    if (rc == 0) rc = read_merges(&h, merges, err);
    ift_hf_release(&h);
    return rc;
}
