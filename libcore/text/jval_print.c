/* Values of jinja.h as text: as Python prints them, and as its json.dumps writes them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

static void put_int(struct ift_jbuild *b, __int128 number) {
    char digits[48];
    size_t at = sizeof digits;
    unsigned __int128 rest = number < 0 ? -(unsigned __int128)number : (unsigned __int128)number;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(rest % 10));
    } while (rest /= 10);
    if (number < 0) digits[--at] = '-';
    ift_jbuild_word(b, digits + at);
}

/* Shortest digits that read back as the same; 1e+16 and beyond, and below 1e-4, with exponent. */
static void put_float(struct ift_jbuild *b, double real, bool json) {
    char text[64];
    int digits = 0;
    if (isnan(real) || isinf(real)) {
        ift_jbuild_word(b, isnan(real) ? (json ? "NaN" : "nan")
                           : json      ? (real < 0 ? "-Infinity" : "Infinity")
                                       : (real < 0 ? "-inf" : "inf"));
        return;
    }
    do {
        snprintf(text, sizeof text, "%.*e", digits, real);
    } while (strtod(text, NULL) != real && ++digits < 17);
    const int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent >= 16 || exponent < -4) {
        snprintf(text, sizeof text, "%.*g", digits + 1, real);
        ift_jbuild_word(b, text);
    } else {
        snprintf(text, sizeof text, "%.*f", digits > exponent ? digits - exponent : 1, real);
        ift_jbuild_word(b, text);
    }
}

/* ---- as Python ---- */

static bool is_printable(uint32_t code) {
    const char *const category = ift_utf8_category(code);
    return code == ' ' || (category[0] != 'C' && category[0] != 'Z');
}

static void repr_text(struct ift_jbuild *b, struct ift_jtext t) {
    const bool single = memchr(t.p, '\'', t.n) != NULL, both = memchr(t.p, '"', t.n) != NULL;
    const char quote[] = {single && !both ? '"' : '\'', '\0'};
    ift_jbuild_word(b, quote);
    for (size_t i = 0, n; i < t.n; i += n) {
        uint32_t code;
        char escape[16] = "";
        n = ift_utf8_decode(t.p + i, t.n - i, &code);
        if (n == 0) n = 1;
        if (code == '\\' || code == (uint32_t)quote[0])
            snprintf(escape, sizeof escape, "\\%c", (int)code);
        else if (code == '\n' || code == '\r' || code == '\t')
            snprintf(escape, sizeof escape, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
        else if (!is_printable(code))
            snprintf(escape, sizeof escape,
                     code < 0x100     ? "\\x%02x"
                     : code < 0x10000 ? "\\u%04x"
                                      : "\\U%08x",
                     code);
        if (*escape)
            ift_jbuild_tag(b, escape, strlen(escape), t.from ? t.from[i] : 0);
        else
            ift_jbuild_add(b, ift_jtext_cut(t, i, i + n));
    }
    ift_jbuild_word(b, quote);
}

static int repr_items(struct ift_jbuild *b, const struct ift_jlist *l) {
    for (size_t i = 0; i < l->n; i++) {
        if (i) ift_jbuild_word(b, ", ");
        IFT_TRY(ift_jval_repr(b, l->item[i]));
    }
    return 0;
}

static int repr_dict(struct ift_jbuild *b, const struct ift_jdict *d) {
    ift_jbuild_word(b, "{");
    for (size_t i = 0; i < d->n; i++) {
        if (i) ift_jbuild_word(b, ", ");
        IFT_TRY(ift_jval_repr(b, d->pair[i].key));
        ift_jbuild_word(b, ": ");
        IFT_TRY(ift_jval_repr(b, d->pair[i].value));
    }
    ift_jbuild_word(b, "}");
    return 0;
}

static int repr_deeper(struct ift_jbuild *b, struct ift_jval v) {
    if (v.type == IFT_JVAL_DICT) return repr_dict(b, v.dict);
    const bool list = v.type == IFT_JVAL_LIST;
    ift_jbuild_word(b, list ? "[" : "(");
    IFT_TRY(repr_items(b, v.list));
    ift_jbuild_word(b, list ? "]" : v.list->n == 1 ? ",)" : ")");
    return 0;
}

int ift_jval_repr(struct ift_jbuild *b, struct ift_jval v) {
    switch (v.type) {
    case IFT_JVAL_UNDEFINED:
        ift_jbuild_word(b, "Undefined");
        return 0;
    case IFT_JVAL_NONE:
        ift_jbuild_word(b, "None");
        return 0;
    case IFT_JVAL_BOOL:
        ift_jbuild_word(b, v.truth ? "True" : "False");
        return 0;
    case IFT_JVAL_INT:
        put_int(b, v.number);
        return 0;
    case IFT_JVAL_FLOAT:
        put_float(b, v.real, false);
        return 0;
    case IFT_JVAL_TEXT:
        IFT_TRY(ift_jrun_spend(b->run, v.text.n / 16));
        repr_text(b, v.text);
        return 0;
    case IFT_JVAL_LIST:
    case IFT_JVAL_TUPLE:
    case IFT_JVAL_DICT:
        break;
    default:
        return ift_jrun_fail(b->run, "a %s cannot be printed", ift_jval_kind(v));
    }
    IFT_TRY(ift_jrun_deeper(b->run));
    IFT_TRY(repr_deeper(b, v));
    b->run->depth--;
    return 0;
}

int ift_jval_print(struct ift_jbuild *b, struct ift_jval v) {
    if (v.type == IFT_JVAL_UNDEFINED) return 0;
    if (v.type != IFT_JVAL_TEXT) return ift_jval_repr(b, v);
    ift_jbuild_add(b, v.text);
    return ift_jrun_room(b->run, 0);
}

int ift_jval_string(struct ift_jrun *run, struct ift_jval v, struct ift_jtext *text) {
    if (v.type == IFT_JVAL_TEXT) {
        *text = v.text;
        return 0;
    }
    struct ift_jbuild b = {.run = run};
    IFT_TRY(ift_jval_print(&b, v));
    *text = ift_jbuild_text(&b);
    return 0;
}

/* ---- as JSON ---- */

static void dump_code(struct ift_jbuild *b, uint32_t code, uint16_t from) {
    char text[16];
    if (code >= 0x10000)
        snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
                 0xdc00 + (code & 0x3ff));
    else
        snprintf(text, sizeof text, "\\u%04x", code);
    ift_jbuild_tag(b, text, strlen(text), from);
}

static void dump_text(struct ift_jbuild *b, struct ift_jtext t, bool ascii) {
    static const char plain[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
    ift_jbuild_word(b, "\"");
    for (size_t i = 0, n; i < t.n; i += n) {
        const uint16_t from = t.from ? t.from[i] : 0;
        uint32_t code;
        n = ift_utf8_decode(t.p + i, t.n - i, &code);
        if (n == 0) n = 1;
        const char *const at = code < 0x80 && code ? strchr(plain, (int)code) : NULL;
        if (at)
            ift_jbuild_tag(b, (const char[]){'\\', letters[at - plain]}, 2, from);
        else if (code < 0x20 || (ascii && code >= 0x7f && code != 0x7f))
            dump_code(b, code, from);
        else
            ift_jbuild_add(b, ift_jtext_cut(t, i, i + n));
    }
    ift_jbuild_word(b, "\"");
}

static void new_line(struct ift_jbuild *b, const struct ift_jdump *how, int level) {
    if (!how->indent) return;
    ift_jbuild_word(b, "\n");
    for (int i = 0; i < level; i++) ift_jbuild_word(b, how->indent);
}

static void put_slice(struct ift_jbuild *b, struct ift_slice s) {
    ift_jbuild_add(b, (struct ift_jtext){s.p, s.n, NULL});
}

static int dump(struct ift_jbuild *b, struct ift_jval v, const struct ift_jdump *how, int level);

static int dump_key(struct ift_jbuild *b, struct ift_jval key, const struct ift_jdump *how) {
    if (key.type == IFT_JVAL_TEXT) return dump(b, key, how, 0);
    ift_jbuild_word(b, "\"");
    IFT_TRY(dump(b, key, how, 0));
    ift_jbuild_word(b, "\"");
    return 0;
}

/* The pairs by their keys: the indices, sorted by insertion, since dictionaries are short. */
static int sort_keys(struct ift_jrun *run, const struct ift_jdict *d, size_t *order) {
    for (size_t i = 0; i < d->n; i++) {
        size_t at = i;
        for (int less = -1; at > 0; at--) {
            IFT_TRY(ift_jval_order(run, d->pair[i].key, d->pair[order[at - 1]].key, &less));
            if (less >= 0) break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return 0;
}

static int dump_dict(struct ift_jbuild *b, const struct ift_jdict *d, const struct ift_jdump *how,
                     int level) {
    size_t *const order = ift_jrun_alloc(b->run, d->n * sizeof *order);
    for (size_t i = 0; i < d->n; i++) order[i] = i;
    if (how->sort) IFT_TRY(sort_keys(b->run, d, order));
    ift_jbuild_word(b, "{");
    for (size_t i = 0; i < d->n; i++) {
        if (i) put_slice(b, how->comma);
        new_line(b, how, level + 1);
        IFT_TRY(dump_key(b, d->pair[order[i]].key, how));
        put_slice(b, how->colon);
        IFT_TRY(dump(b, d->pair[order[i]].value, how, level + 1));
    }
    if (d->n) new_line(b, how, level);
    ift_jbuild_word(b, "}");
    return 0;
}

static int dump_list(struct ift_jbuild *b, const struct ift_jlist *l, const struct ift_jdump *how,
                     int level) {
    ift_jbuild_word(b, "[");
    for (size_t i = 0; i < l->n; i++) {
        if (i) put_slice(b, how->comma);
        new_line(b, how, level + 1);
        IFT_TRY(dump(b, l->item[i], how, level + 1));
    }
    if (l->n) new_line(b, how, level);
    ift_jbuild_word(b, "]");
    return 0;
}

static int dump(struct ift_jbuild *b, struct ift_jval v, const struct ift_jdump *how, int level) {
    int rc = 0;
    IFT_TRY(ift_jrun_deeper(b->run));
    switch (v.type) {
    case IFT_JVAL_NONE:
        ift_jbuild_word(b, "null");
        break;
    case IFT_JVAL_BOOL:
        ift_jbuild_word(b, v.truth ? "true" : "false");
        break;
    case IFT_JVAL_INT:
        put_int(b, v.number);
        break;
    case IFT_JVAL_FLOAT:
        put_float(b, v.real, true);
        break;
    case IFT_JVAL_TEXT:
        rc = ift_jrun_spend(b->run, v.text.n / 16);
        dump_text(b, v.text, how->ascii);
        break;
    case IFT_JVAL_LIST:
    case IFT_JVAL_TUPLE:
        rc = dump_list(b, v.list, how, level);
        break;
    case IFT_JVAL_DICT:
        rc = dump_dict(b, v.dict, how, level);
        break;
    default:
        rc = ift_jrun_fail(b->run, "JSON cannot say %s", ift_jval_kind(v));
    }
    b->run->depth--;
    return rc;
}

int ift_jval_dump(struct ift_jbuild *b, struct ift_jval v, const struct ift_jdump *how) {
    return dump(b, v, how, 0);
}
