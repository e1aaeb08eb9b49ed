/* yaml_items.h: items of YAML in the shapes that programs write and in those that they spoil, and
 * what is read of a text by libyaml alone, or without it wherever that is possible. */
#ifndef YAML_ITEMS_H
#define YAML_ITEMS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "libcore/io/yaml_node.h"

struct yaml_text {
    struct ift_slice rest;
    size_t step;
};

static int yaml_give(void *ctx, const char **p, size_t *n, struct ift_err *err) {
    struct yaml_text *const t = ctx;
    (void)err;
    *p = t->rest.p;
    *n = t->rest.n < t->step ? t->rest.n : t->step;
    t->rest = (struct ift_slice){*p + *n, t->rest.n - *n};
    return *n > 0;
}

/* Every item with its line, and what is wrong with it. Returns how many libyaml did not read. */
static size_t yaml_read(struct ift_slice text, size_t step, bool only_libyaml,
                        struct ift_str *out) {
    struct yaml_text t = {text, step};
    struct ift_yaml *const y = ift_yaml_new(yaml_give, &t);
    struct ift_str json = {0};
    struct ift_err err = {0};
    size_t line, without = 0;
    const char *wrong;
    ift_str_clear(out);
    ift_str_adds(out, "");
    for (;;) {
        y->patience = only_libyaml ? SIZE_MAX : 0;
        const int got = ift_yaml_next(y, &json, &line, &wrong, &err);
        if (got <= 0) break;
        without += y->idle;
        ift_str_addf(out, "%zu %d %s: ", line, ift_yaml_in_sequence(y), wrong ? wrong : "");
        ift_str_add(out, json.p, json.n);
        ift_str_addc(out, '\n');
        ift_str_clear(&json);
    }
    ift_str_release(&json);
    ift_yaml_free(y);
    return without;
}

struct yaml_random {
    uint64_t state;
};

static unsigned yaml_pick(struct yaml_random *r, unsigned n) {
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((r->state >> 33) % n);
}

#define YAML_ONE_OF(r, list) (list)[yaml_pick(r, sizeof(list) / sizeof *(list))]

/* Without the breaks that only libyaml counts as lines. */
static void yaml_add_line(struct yaml_random *r, struct ift_str *out, bool quoted) {
    static const char *const odd[] = {"'",    "\"",   "\\", ": ",  " #",    "#",
                                      "- ",   "\t",   "  ", "é",   "中",    "\\n",
                                      "\\\"", "\\\\", "''", "{",   "]",     "&a",
                                      "*a",   "<<",   "|",  "\\/", "\\x41", "\xef\xbb\xbf",
                                      "\xff", "\x7f", "%",  "---", "...",   "😀",
                                      ":"};
    static const char *const word[] = {"a",   "word", "1",   "null", "12", "true", ".inf", "0x1F",
                                       "1e3", "-1",   "yes", "text", " ",  " ",    " "};
    for (unsigned n = yaml_pick(r, 6); n > 0; n--) {
        const bool is_odd = yaml_pick(r, quoted ? 12 : 20) == 0;
        ift_str_adds(out, is_odd
                              ? odd[yaml_pick(r, yaml_pick(r, 3) ? 13 : sizeof odd / sizeof *odd)]
                              : YAML_ONE_OF(r, word));
    }
}

/* A scalar that is no block; on several lines now and then. */
static void yaml_add_flow(struct yaml_random *r, struct ift_str *out, bool quoted) {
    yaml_add_line(r, out, quoted);
    if (yaml_pick(r, 4)) return;
    for (unsigned n = 1 + yaml_pick(r, 3); n > 0; n--) {
        static const char *const breaks[] = {"\n",   "\n",     "\n",  "\n",   "\n",    "\n",
                                             "\n\n", "\n\n\n", " \n", "\\\n", "\n  \n"};
        static const char *const indents[] = {"    ",  "    ",    "    ", "   ",
                                              "     ", "    \\ ", "  ",   "\t"};
        ift_str_adds(out, YAML_ONE_OF(r, breaks));
        ift_str_adds(out, indents[yaml_pick(r, yaml_pick(r, 4) ? 6 : 8)]);
        if (yaml_pick(r, 4)) ift_str_adds(out, "word");
        yaml_add_line(r, out, quoted);
    }
}

static void yaml_add_block(struct yaml_random *r, struct ift_str *out) {
    static const char *const heads[] = {"|",  ">",  "|-", ">-", "|+", ">+", ">-",
                                        "|-", ">-", "|-", "|",  ">",  "|2", "> "};
    ift_str_addf(out, "%s\n", YAML_ONE_OF(r, heads));
    const unsigned indent = 3 + yaml_pick(r, 3);
    for (unsigned i = 0, n = 1 + yaml_pick(r, 4); i < n; i++) {
        const unsigned k = i == 0 && yaml_pick(r, 8) ? 6 : yaml_pick(r, 6);
        const unsigned by = k == 0 ? yaml_pick(r, 8) : k == 1 ? indent + 2 : indent;
        if (k != 2 || yaml_pick(r, 4) == 0) ift_str_addf(out, "%*s", (int)by, "");
        if (k == 6) ift_str_adds(out, "word ");
        if (k > 2) yaml_add_line(r, out, true);
        ift_str_addc(out, '\n');
    }
}

/* An item; most of them are of the plain shape. */
static void yaml_add_item(struct yaml_random *r, struct ift_str *out) {
    static const char *const key[] = {"a", "input", "output_1", "B", "a b", "<<", "1", "\"q\""};
    for (unsigned n = 1 + yaml_pick(r, 3), i = 0; i < n; i++) {
        const unsigned k = yaml_pick(r, 40);
        ift_str_adds(out, i == 0 ? "- " : k == 0 ? "   " : k == 1 ? " " : "  ");
        ift_str_addf(out, "%s:%s", k > 36 ? YAML_ONE_OF(r, key) : key[i], k == 2 ? "" : " ");
        switch (yaml_pick(r, 5)) {
        case 0:
            ift_str_adds(out, "Word");
            yaml_add_flow(r, out, false);
            break;
        case 1:
            ift_str_addc(out, '\'');
            yaml_add_flow(r, out, true);
            ift_str_addc(out, '\'');
            break;
        case 2:
            ift_str_addc(out, '"');
            yaml_add_flow(r, out, true);
            ift_str_addc(out, '"');
            break;
        default:
            yaml_add_block(r, out);
            continue;
        }
        ift_str_adds(out, k == 3 ? " # x\n" : k == 4 ? "\n\n" : k == 5 ? " \n" : "\n");
    }
}

/* One of a few bytes changed, left out or put in. */
static void yaml_spoil(struct yaml_random *r, struct ift_str *text) {
    static const char bytes[] = " \n\t-:#'\"|>+a1\\&*!{}[],%@`?\x80\xc2\xef.";
    if (text->n == 0) return;
    const size_t at = yaml_pick(r, (unsigned)text->n), from = yaml_pick(r, (unsigned)text->n);
    const char c = bytes[yaml_pick(r, sizeof bytes - 1)];
    switch (yaml_pick(r, 3)) {
    case 0:
        text->p[at] = c;
        break;
    case 1:
        memmove(text->p + at, text->p + at + 1, text->n - at - 1);
        text->n--;
        break;
    default:
        ift_str_addc(text, '\0');
        memmove(text->p + at + 1, text->p + at, text->n - at - 1);
        text->p[at] = yaml_pick(r, 4) ? c : text->p[from];
    }
}

/* A text of a few items. */
static void yaml_make(struct yaml_random *r, struct ift_str *text) {
    static const char *const before[] = {"",
                                         "",
                                         "",
                                         "---\n",
                                         "%YAML 1.1\n---\n",
                                         "# x\n",
                                         "--- &a\n",
                                         "%TAG ! tag:x,2002:\n---\n",
                                         "- a: &a 1\n"};
    static const char *const between[] = {"",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "\n",
                                          "# x\n",
                                          "---\n",
                                          "...\n",
                                          "- {a: b}\n",
                                          "- *a\n",
                                          "- &a {a: 1}\n",
                                          "  \n",
                                          "x\n"};
    ift_str_clear(text);
    ift_str_adds(text, YAML_ONE_OF(r, before));
    ift_str_adds(text, "- start: 1\n");
    for (unsigned n = 1 + yaml_pick(r, 4); n > 0; n--) {
        yaml_add_item(r, text);
        ift_str_adds(text, YAML_ONE_OF(r, between));
    }
    for (unsigned n = yaml_pick(r, 6); n > 3; n--) yaml_spoil(r, text);
}

#endif
