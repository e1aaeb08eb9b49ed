#include "libcore/data/clean.h"

#include <string.h>

#include "libcore/io/html.h"
#include "libcore/io/utf8.h"

const char *const ift_clean_forms[] = {"nfc", "nfkc", NULL};

bool ift_clean_wanted(const struct ift_clean *c) {
    return c->normalize || c->strip_html || c->unescape_newlines;
}

static void unescape_newlines(struct ift_str *text) {
    size_t to = 0;
    for (size_t i = 0; i < text->n;) {
        const char *const p = text->p + i;
        const size_t left = text->n - i;
        const size_t n = left >= 4 && memcmp(p, "\\r\\n", 4) == 0 ? 4
                         : left >= 2 && memcmp(p, "\\n", 2) == 0  ? 2
                                                                  : 0;
        text->p[to++] = n ? '\n' : *p;
        i += n ? n : 1;
    }
    if (text->p) text->p[text->n = to] = 0;
}

static void swap(struct ift_str *a, struct ift_str *b) {
    const struct ift_str t = *a;
    *a = *b;
    *b = t;
}

static int clean_text(const struct ift_clean *c, struct ift_str *text, struct ift_str *spare,
                      struct ift_err *err) {
    if (c->unescape_newlines) unescape_newlines(text);
    if (c->strip_html && ift_html_is(text->p, text->n)) {
        ift_str_clear(spare);
        IFT_TRY(ift_html_text(text->p, text->n, spare, err));
        swap(text, spare);
    }
    if (c->normalize && text->n) {
        ift_str_clear(spare);
        IFT_TRY(ift_utf8_normalize(strcmp(c->normalize, "nfc") == 0 ? IFT_UTF8_NFC : IFT_UTF8_NFKC,
                                   text->p, text->n, spare, err));
        swap(text, spare);
    }
    return 0;
}

struct cleaning {
    const struct ift_clean *c;
    const struct ift_json *doc;
    struct ift_str *out, text, spare, before;
    bool changed;
};

static int add_text(struct cleaning *k, int node, struct ift_err *err) {
    ift_str_clear(&k->text);
    ift_str_clear(&k->before);
    ift_json_text(k->doc, node, &k->text);
    ift_str_add(&k->before, k->text.p, k->text.n);
    IFT_TRY(clean_text(k->c, &k->text, &k->spare, err));
    if (ift_slice_eq(ift_str_slice(&k->text), ift_str_slice(&k->before))) {
        ift_json_copy(k->out, k->doc, node);
        return 0;
    }
    k->changed = true;
    ift_json_quote(k->out, ift_str_slice(&k->text).p, k->text.n);
    return 0;
}

static void begin_member(struct cleaning *k, int key) {
    if (k->out->p[k->out->n - 1] != '{') ift_str_addc(k->out, ',');
    ift_json_copy(k->out, k->doc, key);
    ift_str_addc(k->out, ':');
}

static int add_message(struct cleaning *k, int message, struct ift_err *err) {
    const int content = ift_json_get(k->doc, message, "content");
    ift_str_addc(k->out, '{');
    for (int key = ift_json_first(k->doc, message); key >= 0;
         key = ift_json_next(k->doc, message, key + 1)) {
        begin_member(k, key);
        if (key + 1 == content)
            IFT_TRY(add_text(k, content, err));
        else
            ift_json_copy(k->out, k->doc, key + 1);
    }
    ift_str_addc(k->out, '}');
    return 0;
}

static int add_messages(struct cleaning *k, int list, struct ift_err *err) {
    ift_str_addc(k->out, '[');
    for (int m = ift_json_first(k->doc, list); m >= 0; m = ift_json_next(k->doc, list, m)) {
        if (k->out->p[k->out->n - 1] != '[') ift_str_addc(k->out, ',');
        IFT_TRY(add_message(k, m, err));
    }
    ift_str_addc(k->out, ']');
    return 0;
}

static int add_record(struct cleaning *k, const struct ift_record *r, struct ift_err *err) {
    ift_str_addc(k->out, '{');
    for (int key = ift_json_first(k->doc, 0); key >= 0; key = ift_json_next(k->doc, 0, key + 1)) {
        const int v = key + 1;
        begin_member(k, key);
        if (v == r->messages)
            IFT_TRY(add_messages(k, v, err));
        else if (v == r->instruction || v == r->input || v == r->output || v == r->rationale ||
                 v == r->system)
            IFT_TRY(add_text(k, v, err));
        else
            ift_json_copy(k->out, k->doc, v);
    }
    ift_str_addc(k->out, '}');
    return 0;
}

int ift_clean_record(const struct ift_clean *c, const struct ift_record *r, struct ift_str *out,
                     bool *changed, struct ift_err *err) {
    struct cleaning k = {.c = c, .doc = &r->doc, .out = out};
    const int rc = add_record(&k, r, err);
    *changed = k.changed;
    ift_str_release(&k.text);
    ift_str_release(&k.spare);
    ift_str_release(&k.before);
    return rc;
}
