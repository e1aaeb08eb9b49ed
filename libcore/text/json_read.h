/* json_read.h: between the readers of tokenizer.json's parts: json_read.c, the vocabulary and its
 * model; json_parts.c, the pipeline around it. What components mean: huggingface/tokenizers 0.23.
 * Private to text.
 */
#ifndef IFT_JSON_READ_H
#define IFT_JSON_READ_H

#include "libcore/io/json.h"
#include "libcore/text/hf.h"

struct ift_json_reader {
    struct ift_tokenizer *t;
    struct ift_json doc;
    int model; /* its node */
    struct ift_hf hf;
    struct ift_added added;
    bool split_regex; /* a component has cut words by an expression */
    bool normalizes;  /* there is a normalizer */
};

/* Normalizer and pre-tokenizer, before the vocabulary is read. */
int ift_json_read_before(struct ift_json_reader *r, struct ift_err *err) IFT_MUST_CHECK;
/* Decoder and post-processor, after it. */
int ift_json_read_after(struct ift_json_reader *r, struct ift_err *err) IFT_MUST_CHECK;

/* Says that a component, or something it asks for, is not supported; -1. */
int ift_json_refuse(const struct ift_json_reader *r, const char *what, int component,
                    struct ift_err *err);

static inline bool ift_json_reader_null(const struct ift_json_reader *r, int node) {
    return node < 0 || ift_json_is(&r->doc, node, IFT_JSON_NULL);
}

static inline bool ift_json_reader_true(const struct ift_json_reader *r, int object,
                                        const char *key) {
    return ift_json_is(&r->doc, ift_json_get(&r->doc, object, key), IFT_JSON_TRUE);
}

static inline bool ift_json_reader_is(const struct ift_json_reader *r, int object, const char *key,
                                      const char *text) {
    return ift_json_text_is(&r->doc, ift_json_get(&r->doc, object, key), text);
}

#endif
