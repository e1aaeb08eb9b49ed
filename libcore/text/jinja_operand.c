/* A value of jinja.h and what may follow it: attributes, items, calls, filters, tests. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja_parser.h"

/* ---- literals ---- */

static struct ift_jnode *constant(struct ift_jparser *p, struct ift_jval value) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_CONST);
    n->value = value;
    return n;
}

static struct ift_jnode *parse_text(struct ift_jparser *p) {
    struct ift_str text = {0};
    for (; p->at->kind == IFT_JTOKEN_TEXT; p->at++) /* neighbours are one text */
        ift_str_add(&text, p->at->text.p, p->at->text.n);
    const struct ift_jtext kept = {ift_arena_strndup(p->arena, text.p, text.n), text.n, NULL};
    ift_str_release(&text);
    return constant(p, ift_jval_of(kept));
}

static struct ift_jnode *parse_number(struct ift_jparser *p) {
    const struct ift_jtoken *const t = p->at;
    __int128 number = 0;
    if (t->kind == IFT_JTOKEN_FLOAT) {
        p->at++;
        return constant(p, ift_jval_float(strtod(t->text.p, NULL)));
    }
    for (size_t i = 0; i < t->text.n; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, t->text.p[i] - '0', &number)) {
            ift_jparser_fail(p, "the number %.40s is too large", t->text.p);
            return NULL;
        }
    p->at++;
    return constant(p, ift_jval_int(number));
}

static struct ift_jnode *parse_name(struct ift_jparser *p) {
    static const struct {
        const char *name;
        int means;
    } fixed[] = {{"true", 1}, {"True", 1}, {"false", 0}, {"False", 0}, {"none", -1}, {"None", -1}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (ift_jskip_word(p, fixed[i].name))
            return constant(p,
                            fixed[i].means < 0 ? ift_jval_none() : ift_jval_bool(fixed[i].means));
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_NAME);
    n->name = ift_jparser_name(p);
    if (strcmp(n->name, "varargs") == 0) p->rest |= IFT_JREST_VARARGS;
    if (strcmp(n->name, "kwargs") == 0) p->rest |= IFT_JREST_KWARGS;
    return n;
}

static struct ift_jnode *parse_list(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_LIST);
    while (!ift_jskip_sign(p, "]")) {
        if (n->n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ",") < 0) return NULL;
        if (n->n && ift_jskip_sign(p, "]")) break;
        struct ift_jnode *const item = ift_jparse_expression(p);
        if (!item) return NULL;
        ift_jnode_add(p, n, item);
    }
    return n;
}

static struct ift_jnode *parse_dict(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_DICT);
    while (!ift_jskip_sign(p, "}")) {
        if (n->n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ",") < 0) return NULL;
        if (n->n && ift_jskip_sign(p, "}")) break;
        struct ift_jnode *const key = ift_jparse_expression(p);
        if (!key || ift_jparser_expect(p, IFT_JTOKEN_SIGN, ":") < 0) return NULL;
        struct ift_jnode *const value = ift_jparse_expression(p);
        if (!value) return NULL;
        ift_jnode_add(p, n, key);
        ift_jnode_add(p, n, value);
    }
    return n;
}

static struct ift_jnode *parse_primary(struct ift_jparser *p) {
    switch (p->at->kind) {
    case IFT_JTOKEN_NAME:
        return parse_name(p);
    case IFT_JTOKEN_TEXT:
        return parse_text(p);
    case IFT_JTOKEN_INT:
    case IFT_JTOKEN_FLOAT:
        return parse_number(p);
    default:
        break;
    }
    if (ift_jskip_sign(p, "[")) return parse_list(p);
    if (ift_jskip_sign(p, "{")) return parse_dict(p);
    if (ift_jskip_sign(p, "(")) {
        struct ift_jnode *const n =
            ift_jat_sign(p, ")") ? ift_jnode_new(p, IFT_JNODE_TUPLE) : ift_jparse_tuple(p, true);
        return n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ")") == 0 ? n : NULL;
    }
    ift_jparser_fail(p, "an expression is expected, not '%.*s'", IFT_SHOWN(p->at->text));
    return NULL;
}

/* ---- what follows a value ---- */

static int parse_args(struct ift_jparser *p, struct ift_jnode *call) {
    IFT_TRY(ift_jparser_expect(p, IFT_JTOKEN_SIGN, "("));
    while (!ift_jskip_sign(p, ")")) {
        if (call->narg) IFT_TRY(ift_jparser_expect(p, IFT_JTOKEN_SIGN, ","));
        if (call->narg && ift_jskip_sign(p, ")")) break;
        if (ift_jat_sign(p, "*") || ift_jat_sign(p, "**"))
            return ift_jparser_fail(p, "arguments by * and ** are not supported");
        const char *name = NULL;
        if (p->at->kind == IFT_JTOKEN_NAME && p->at[1].kind == IFT_JTOKEN_SIGN &&
            ift_slice_is(p->at[1].text, "=")) {
            name = ift_jparser_name(p);
            p->at++;
        } else if (call->narg && call->arg[call->narg - 1].name) {
            return ift_jparser_fail(p, "an argument by position follows one by name");
        }
        struct ift_jnode *const value = ift_jparse_expression(p);
        if (!value) return -1;
        ift_jnode_arg(p, call, name, value);
    }
    return 0;
}

static struct ift_jnode *parse_call(struct ift_jparser *p, struct ift_jnode *callee) {
    struct ift_jnode *const n = ift_jnode_of(p, IFT_JNODE_CALL, callee, NULL);
    return parse_args(p, n) == 0 ? n : NULL;
}

static struct ift_jnode *parse_subscript(struct ift_jparser *p, struct ift_jnode *of) {
    struct ift_jnode *const n = ift_jnode_of(p, IFT_JNODE_ITEM, of, NULL);
    if (!ift_jat_sign(p, ":")) {
        struct ift_jnode *const key = ift_jparse_expression(p);
        if (!key) return NULL;
        ift_jnode_add(p, n, key);
        if (ift_jskip_sign(p, "]")) return n;
    } else {
        ift_jnode_add(p, n, NULL);
    }
    n->kind = IFT_JNODE_SLICE;
    for (int i = 0; i < 2; i++) {
        struct ift_jnode *bound = NULL;
        if (ift_jskip_sign(p, ":") && !ift_jat_sign(p, ":") && !ift_jat_sign(p, "]")) {
            bound = ift_jparse_expression(p);
            if (!bound) return NULL;
        }
        ift_jnode_add(p, n, bound);
    }
    return ift_jparser_expect(p, IFT_JTOKEN_SIGN, "]") == 0 ? n : NULL;
}

static struct ift_jnode *parse_dot(struct ift_jparser *p, struct ift_jnode *of) {
    struct ift_jnode *const n = ift_jnode_of(p, IFT_JNODE_ATTR, of, NULL);
    if (p->at->kind != IFT_JTOKEN_INT) {
        n->name = ift_jparser_name(p);
        return n->name ? n : NULL;
    }
    struct ift_jnode *const number = parse_number(p);
    if (!number) return NULL;
    n->kind = IFT_JNODE_ITEM;
    ift_jnode_add(p, n, number);
    return n;
}

/* The attributes, items and calls of n that follow. */
static struct ift_jnode *parse_postfix(struct ift_jparser *p, struct ift_jnode *n) {
    while (n) {
        if (ift_jskip_sign(p, "."))
            n = parse_dot(p, n);
        else if (ift_jskip_sign(p, "["))
            n = parse_subscript(p, n);
        else if (ift_jat_sign(p, "("))
            n = parse_call(p, n);
        else
            break;
    }
    return n;
}

struct ift_jnode *ift_jparse_operand(struct ift_jparser *p) {
    return parse_postfix(p, parse_primary(p));
}

/* ---- filters and tests ---- */

static struct ift_jnode *parse_filter(struct ift_jparser *p, struct ift_jnode *of) {
    struct ift_jnode *const n = ift_jnode_of(p, IFT_JNODE_FILTER, of, NULL);
    if (!(n->name = ift_jparser_name(p))) return NULL;
    n->callee = ift_jinja_filter(n->name);
    if (!n->callee) {
        ift_jparser_fail(p, "the filter \"%s\" is not known", n->name);
        return NULL;
    }
    if (ift_jat_sign(p, "(") && parse_args(p, n) < 0) return NULL;
    return n;
}

static struct ift_jnode *parse_test(struct ift_jparser *p, struct ift_jnode *of) {
    static const char *const ends[] = {"else", "or", "and", "is"};
    const bool negated = ift_jskip_word(p, "not");
    struct ift_jnode *const n = ift_jnode_of(p, IFT_JNODE_TEST, of, NULL);
    if (!(n->name = ift_jparser_name(p))) return NULL;
    n->callee = ift_jinja_test(n->name);
    if (!n->callee) {
        ift_jparser_fail(p, "the test \"%s\" is not known", n->name);
        return NULL;
    }
    bool takes = p->at->kind >= IFT_JTOKEN_NAME && p->at->kind <= IFT_JTOKEN_FLOAT;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        takes = takes && !ift_jparser_is(p, IFT_JTOKEN_NAME, ends[i]);
    if (ift_jat_sign(p, "(")) {
        if (parse_args(p, n) < 0) return NULL;
    } else if (takes || ift_jat_sign(p, "[") || ift_jat_sign(p, "{")) {
        struct ift_jnode *const arg = ift_jparse_operand(p);
        if (!arg) return NULL;
        ift_jnode_arg(p, n, NULL, arg);
    }
    return negated ? ift_jnode_of(p, IFT_JNODE_NOT, n, NULL) : n;
}

struct ift_jnode *ift_jparse_filters(struct ift_jparser *p, struct ift_jnode *n, bool first) {
    if (first) n = parse_filter(p, n);
    while (n) {
        if (ift_jskip_sign(p, "|"))
            n = parse_filter(p, n);
        else if (!first && ift_jskip_word(p, "is"))
            n = parse_test(p, n);
        else if (!first && ift_jat_sign(p, "("))
            n = parse_call(p, n);
        else
            break;
    }
    return n;
}
