/* The pipeline around the model of a tokenizer.json: every component is either understood or
 * refused by its name. */
#include "libcore/text/json_read.h"

#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581 */

int ift_json_refuse(const struct ift_json_reader *r, const char *what, int component,
                    struct ift_err *err) {
    struct ift_str type = {0};
    const int node = ift_json_get(&r->doc, component, "type");
    if (ift_json_is(&r->doc, node, IFT_JSON_STRING)) ift_json_text(&r->doc, node, &type);
    ift_fail(err, "%s %s, as set here, is not supported", what, type.n ? type.p : "without a type");
    ift_str_release(&type);
    return -1;
}

/* Calls `one` for a component or, in order, for each inside a Sequence whose list has this key. */
typedef int component_fn(struct ift_json_reader *r, int component, struct ift_err *err);
static int each(struct ift_json_reader *r, int component, const char *list, component_fn *one,
                struct ift_err *err) {
    if (ift_json_reader_null(r, component)) return 0;
    if (!ift_json_reader_is(r, component, "type", "Sequence")) return one(r, component, err);
    const int array = ift_json_get(&r->doc, component, list);
    for (int c = ift_json_first(&r->doc, array); c >= 0; c = ift_json_next(&r->doc, array, c))
        IFT_TRY(each(r, c, list, one, err));
    return 0;
}

static int64_t whole_number(const struct ift_json_reader *r, int node) {
    long long value = -1;
    if (ift_json_is(&r->doc, node, IFT_JSON_NUMBER))
        (void)ift_parse_i64(ift_json_raw(&r->doc, node), &value);
    return value;
}

static bool replaces_space(const struct ift_json_reader *r, int component, const char *from,
                           const char *to) {
    return ift_json_reader_is(r, component, "type", "Replace") &&
           ift_json_reader_is(r, component, "content", to) &&
           ift_json_reader_is(r, ift_json_get(&r->doc, component, "pattern"), "String", from);
}

static int read_normalizer(struct ift_json_reader *r, int c, struct ift_err *err) {
    struct ift_normalizer *const z = &r->t->normalizer;
    r->normalizes = true;
    if (ift_json_reader_is(r, c, "type", "NFC")) {
        z->nfc = IFT_NFC_9;
        return 0;
    }
    if (ift_json_reader_is(r, c, "type", "Prepend") && ift_json_reader_is(r, c, "prepend", META)) {
        z->dummy_prefix = true;
        r->t->prefix_everywhere = true;
        return 0;
    }
    if (!replaces_space(r, c, " ", META)) return ift_json_refuse(r, "normalizer", c, err);
    r->hf.meta = true;
    return 0;
}

/* Where a dummy space goes: "first", "always", "never"; older files say it with a flag. */
static const char *prepend_scheme(const struct ift_json_reader *r, int c) {
    static const char *const known[] = {"first", "always", "never"};
    const int scheme = ift_json_get(&r->doc, c, "prepend_scheme"),
              old = ift_json_get(&r->doc, c, "add_prefix_space");
    if (ift_json_reader_null(r, scheme))
        return ift_json_is(&r->doc, old, IFT_JSON_FALSE) ? "never" : "always";
    for (size_t i = 0; i < 3; i++)
        if (ift_json_text_is(&r->doc, scheme, known[i])) return known[i];
    return NULL;
}

static int read_metaspace(struct ift_json_reader *r, int c, struct ift_err *err) {
    const char *const scheme = prepend_scheme(r, c);
    if (!ift_json_reader_is(r, c, "replacement", META) || !scheme || r->hf.byte_level)
        return ift_json_refuse(r, "pre-tokenizer", c, err);
    r->hf.meta = true;
    r->t->split_spaces = !ift_json_is(&r->doc, ift_json_get(&r->doc, c, "split"), IFT_JSON_FALSE);
    r->t->normalizer.prefix_unless_space = *scheme != 'n';
    r->t->prefix_everywhere = *scheme == 'a';
    return 0;
}

static int read_split(struct ift_json_reader *r, int c, struct ift_err *err) {
    struct ift_str expression = {0};
    const int node = ift_json_get(&r->doc, ift_json_get(&r->doc, c, "pattern"), "Regex");
    if (ift_json_is(&r->doc, node, IFT_JSON_STRING)) ift_json_text(&r->doc, node, &expression);
    r->t->pretoken = ift_pretoken_for(ift_str_slice(&expression));
    int rc = 0;
    if (!r->t->pretoken)
        rc = IFT_FAIL(err, "pre-tokenizer Split: the pattern %.200s is not one we know",
                      expression.n ? expression.p : "\"\"");
    else if (r->split_regex || !ift_json_reader_is(r, c, "behavior", "Isolated") ||
             ift_json_reader_true(r, c, "invert"))
        rc = ift_json_refuse(r, "pre-tokenizer", c, err);
    r->split_regex = true;
    ift_str_release(&expression);
    return rc;
}

static int read_pretokenizer(struct ift_json_reader *r, int c, struct ift_err *err) {
    if (ift_json_reader_is(r, c, "type", "Metaspace")) return read_metaspace(r, c, err);
    if (ift_json_reader_is(r, c, "type", "Split")) return read_split(r, c, err);
    if (!ift_json_reader_is(r, c, "type", "ByteLevel") || r->hf.byte_level)
        return ift_json_refuse(r, "pre-tokenizer", c, err);
    const int use_regex = ift_json_get(&r->doc, c, "use_regex");
    const bool gpt2 =
        ift_json_reader_null(r, use_regex) || ift_json_is(&r->doc, use_regex, IFT_JSON_TRUE);
    r->hf.byte_level = true;
    r->t->normalizer.keep_bytes = true;
    /* A prefix per word, not per text, would be meant where another component has split before. */
    if (r->split_regex && (gpt2 || ift_json_reader_true(r, c, "add_prefix_space")))
        return ift_json_refuse(r, "pre-tokenizer", c, err);
    if (ift_json_reader_true(r, c, "add_prefix_space"))
        r->t->normalizer.prefix_unless_space = r->t->prefix_everywhere = true;
    if (!r->split_regex) r->t->pretoken = gpt2 ? ift_pretoken_gpt2 : ift_pretoken_whole;
    return 0;
}

/* Decoders that invert what the encoder does need no settings; what else they do is a member of
 * ift_decoding. */
static int read_decoder(struct ift_json_reader *r, int c, struct ift_err *err) {
    struct ift_decoding *const d = &r->t->decoding;
    if (ift_json_reader_is(r, c, "type", "Fuse")) return 0;
    if (ift_json_reader_is(r, c, "type", "ByteLevel") && r->hf.byte_level) return 0;
    if (ift_json_reader_is(r, c, "type", "ByteFallback") && r->hf.byte_fallback) return 0;
    if (r->hf.meta && replaces_space(r, c, META, " ")) return 0;
    if (ift_json_reader_is(r, c, "type", "Metaspace") && r->hf.meta) {
        const char *const scheme = prepend_scheme(r, c);
        d->first_bare = scheme && *scheme != 'n';
        return scheme ? 0 : ift_json_refuse(r, "decoder", c, err);
    }
    if (!ift_json_reader_is(r, c, "type", "Strip") || !ift_json_reader_is(r, c, "content", " ") ||
        d->strip_first || whole_number(r, ift_json_get(&r->doc, c, "start")) != 1 ||
        whole_number(r, ift_json_get(&r->doc, c, "stop")) != 0)
        return ift_json_refuse(r, "decoder", c, err);
    d->strip_first = true;
    return 0;
}

static int read_post_processor(struct ift_json_reader *r, int c, struct ift_err *err) {
    struct ift_tokenizer_info *const info = &r->t->info;
    if (ift_json_reader_is(r, c, "type", "ByteLevel")) return 0; /* touches offsets only */
    if (!ift_json_reader_is(r, c, "type", "TemplateProcessing"))
        return ift_json_refuse(r, "post-processor", c, err);
    const int single = ift_json_get(&r->doc, c, "single"),
              specials = ift_json_get(&r->doc, c, "special_tokens");
    bool after = false;
    struct ift_str name = {0};
    for (int item = ift_json_first(&r->doc, single); item >= 0;
         item = ift_json_next(&r->doc, single, item)) {
        const int special = ift_json_get(&r->doc, item, "SpecialToken");
        if (special < 0) {
            after = true;
            continue;
        }
        ift_str_clear(&name);
        const int id_node = ift_json_get(&r->doc, special, "id");
        if (ift_json_is(&r->doc, id_node, IFT_JSON_STRING)) ift_json_text(&r->doc, id_node, &name);
        const int ids =
            ift_json_get(&r->doc, ift_json_get(&r->doc, specials, name.n ? name.p : ""), "ids");
        const int64_t id = whole_number(r, ift_json_at(&r->doc, ids, 0));
        int32_t *const place = after ? &info->eos : &info->bos;
        bool *const add = after ? &info->add_eos : &info->add_bos;
        if (id < 0 || id >= (int64_t)r->t->vocab.n || ift_json_at(&r->doc, ids, 1) >= 0 || *add) {
            ift_str_release(&name);
            return ift_json_refuse(r, "post-processor", c, err);
        }
        *place = (int32_t)id;
        *add = true;
    }
    ift_str_release(&name);
    return 0;
}

int ift_json_read_before(struct ift_json_reader *r, struct ift_err *err) {
    const struct ift_tokenizer *const t = r->t;
    IFT_TRY(each(r, ift_json_get(&r->doc, 0, "normalizer"), "normalizers", read_normalizer, err));
    IFT_TRY(each(r, ift_json_get(&r->doc, 0, "pre_tokenizer"), "pretokenizers", read_pretokenizer,
                 err));
    if (t->pretoken && !r->hf.byte_level)
        return IFT_FAIL(err, "pre-tokenizer Split without ByteLevel is not supported");
    if (t->normalizer.nfc && !r->hf.byte_level)
        return IFT_FAIL(err, "normalizer NFC without ByteLevel is not supported");
    if (r->hf.byte_level && (r->hf.meta || t->normalizer.dummy_prefix))
        return IFT_FAIL(err,
                        "pre-tokenizer ByteLevel together with U+2581 for spaces is not supported");
    return 0;
}

int ift_json_read_after(struct ift_json_reader *r, struct ift_err *err) {
    IFT_TRY(each(r, ift_json_get(&r->doc, 0, "decoder"), "decoders", read_decoder, err));
    return each(r, ift_json_get(&r->doc, 0, "post_processor"), "processors", read_post_processor,
                err);
}
