/* Expressions of jinja.h: tokens to a tree, loosest binding first. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja_internal.h"

struct ift_jnode *ift_jnode_new(struct ift_jparser *p, enum ift_jnode_kind kind) {
    struct ift_jnode *const n = ift_arena_alloc(p->arena, sizeof *n);
    *n = (struct ift_jnode){.kind = kind, .line = p->at->line};
    return n;
}

static void *grow(struct ift_jparser *p, void *items, size_t n, size_t *cap, size_t size) {
    if (n < *cap) return items;
    *cap = *cap ? 2 * *cap : 4;
    void *const more = ift_arena_alloc(p->arena, *cap * size);
    if (n) memcpy(more, items, n * size);
    return more;
}

void ift_jnode_add(struct ift_jparser *p, struct ift_jnode *node, struct ift_jnode *kid) {
    node->kid = grow(p, node->kid, node->n, &node->cap, sizeof *node->kid);
    node->kid[node->n++] = kid;
}

void ift_jnode_arg(struct ift_jparser *p, struct ift_jnode *node, const char *name,
                   struct ift_jnode *value) {
    node->arg = grow(p, node->arg, node->narg, &node->arg_cap, sizeof *node->arg);
    node->arg[node->narg++] = (struct ift_jarg){name, value};
}

int ift_jparser_fail(struct ift_jparser *p, const char *fmt, ...) {
    va_list args;
    struct ift_str text = {0};
    va_start(args, fmt);
    ift_str_addv(&text, fmt, args);
    va_end(args);
    IFT_FAIL(p->err, "line %d: %s", p->at->line, text.p);
    ift_str_release(&text);
    return -1;
}

bool ift_jparser_is(const struct ift_jparser *p, enum ift_jtoken_kind kind, const char *text) {
    return p->at->kind == kind && (!text || ift_slice_is(p->at->text, text));
}

bool ift_jparser_skip(struct ift_jparser *p, enum ift_jtoken_kind kind, const char *text) {
    if (!ift_jparser_is(p, kind, text)) return false;
    if (p->at->kind != IFT_JTOKEN_END) p->at++;
    return true;
}

int ift_jparser_expect(struct ift_jparser *p, enum ift_jtoken_kind kind, const char *text) {
    if (ift_jparser_skip(p, kind, text)) return 0;
    if (p->at->kind == IFT_JTOKEN_END)
        return ift_jparser_fail(p, "'%s' is expected, not the end of the template",
                                text ? text : "a tag's end");
    return ift_jparser_fail(p, "%s%s%s is expected, not '%.*s'", text ? "'" : "",
                            text ? text : "the tag's end", text ? "'" : "",
                            (int)(p->at->text.n < 40 ? p->at->text.n : 40), p->at->text.p);
}

char *ift_jparser_name(struct ift_jparser *p) {
    if (p->at->kind != IFT_JTOKEN_NAME) {
        ift_jparser_fail(p, "a name is expected");
        return NULL;
    }
    const struct ift_slice name = (p->at++)->text;
    return ift_arena_strndup(p->arena, name.p, name.n);
}

static bool sign(struct ift_jparser *p, const char *text) {
    return ift_jparser_skip(p, IFT_JTOKEN_SIGN, text);
}

static bool word(struct ift_jparser *p, const char *text) {
    return ift_jparser_skip(p, IFT_JTOKEN_NAME, text);
}

static bool is_sign(const struct ift_jparser *p, const char *text) {
    return ift_jparser_is(p, IFT_JTOKEN_SIGN, text);
}

static struct ift_jnode *with_kids(struct ift_jparser *p, enum ift_jnode_kind kind,
                                   struct ift_jnode *a, struct ift_jnode *b) {
    struct ift_jnode *const n = ift_jnode_new(p, kind);
    ift_jnode_add(p, n, a);
    if (b) ift_jnode_add(p, n, b);
    return n;
}

static struct ift_jnode *parse_unary(struct ift_jparser *p, bool filters);

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
        if (word(p, fixed[i].name))
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
    while (!sign(p, "]")) {
        if (n->n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ",") < 0) return NULL;
        if (n->n && sign(p, "]")) break;
        struct ift_jnode *const item = ift_jparse_expression(p);
        if (!item) return NULL;
        ift_jnode_add(p, n, item);
    }
    return n;
}

static struct ift_jnode *parse_dict(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_DICT);
    while (!sign(p, "}")) {
        if (n->n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ",") < 0) return NULL;
        if (n->n && sign(p, "}")) break;
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
    if (sign(p, "[")) return parse_list(p);
    if (sign(p, "{")) return parse_dict(p);
    if (sign(p, "(")) {
        struct ift_jnode *const n =
            is_sign(p, ")") ? ift_jnode_new(p, IFT_JNODE_TUPLE) : ift_jparse_tuple(p, true);
        return n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ")") == 0 ? n : NULL;
    }
    ift_jparser_fail(p, "an expression is expected, not '%.*s'",
                     (int)(p->at->text.n < 40 ? p->at->text.n : 40), p->at->text.p);
    return NULL;
}

/* ---- what follows a value ---- */

int ift_jparser_args(struct ift_jparser *p, struct ift_jnode *call) {
    IFT_TRY(ift_jparser_expect(p, IFT_JTOKEN_SIGN, "("));
    while (!sign(p, ")")) {
        if (call->narg) IFT_TRY(ift_jparser_expect(p, IFT_JTOKEN_SIGN, ","));
        if (call->narg && sign(p, ")")) break;
        if (is_sign(p, "*") || is_sign(p, "**"))
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
    struct ift_jnode *const n = with_kids(p, IFT_JNODE_CALL, callee, NULL);
    return ift_jparser_args(p, n) == 0 ? n : NULL;
}

static struct ift_jnode *parse_subscript(struct ift_jparser *p, struct ift_jnode *of) {
    struct ift_jnode *const n = with_kids(p, IFT_JNODE_ITEM, of, NULL);
    if (!is_sign(p, ":")) {
        struct ift_jnode *const key = ift_jparse_expression(p);
        if (!key) return NULL;
        ift_jnode_add(p, n, key);
        if (sign(p, "]")) return n;
    } else {
        ift_jnode_add(p, n, NULL);
    }
    n->kind = IFT_JNODE_SLICE;
    for (int i = 0; i < 2; i++) {
        struct ift_jnode *bound = NULL;
        if (sign(p, ":") && !is_sign(p, ":") && !is_sign(p, "]")) {
            bound = ift_jparse_expression(p);
            if (!bound) return NULL;
        }
        ift_jnode_add(p, n, bound);
    }
    return ift_jparser_expect(p, IFT_JTOKEN_SIGN, "]") == 0 ? n : NULL;
}

static struct ift_jnode *parse_dot(struct ift_jparser *p, struct ift_jnode *of) {
    struct ift_jnode *const n = with_kids(p, IFT_JNODE_ATTR, of, NULL);
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

static struct ift_jnode *parse_postfix(struct ift_jparser *p, struct ift_jnode *n) {
    while (n) {
        if (sign(p, "."))
            n = parse_dot(p, n);
        else if (sign(p, "["))
            n = parse_subscript(p, n);
        else if (is_sign(p, "("))
            n = parse_call(p, n);
        else
            break;
    }
    return n;
}

static struct ift_jnode *parse_filter(struct ift_jparser *p, struct ift_jnode *of) {
    struct ift_jnode *const n = with_kids(p, IFT_JNODE_FILTER, of, NULL);
    if (!(n->name = ift_jparser_name(p))) return NULL;
    n->callee = ift_jinja_filter(n->name);
    if (!n->callee) {
        ift_jparser_fail(p, "the filter \"%s\" is not known", n->name);
        return NULL;
    }
    if (is_sign(p, "(") && ift_jparser_args(p, n) < 0) return NULL;
    return n;
}

static struct ift_jnode *parse_test(struct ift_jparser *p, struct ift_jnode *of) {
    static const char *const ends[] = {"else", "or", "and", "is"};
    const bool negated = word(p, "not");
    struct ift_jnode *const n = with_kids(p, IFT_JNODE_TEST, of, NULL);
    if (!(n->name = ift_jparser_name(p))) return NULL;
    n->callee = ift_jinja_test(n->name);
    if (!n->callee) {
        ift_jparser_fail(p, "the test \"%s\" is not known", n->name);
        return NULL;
    }
    bool takes = p->at->kind >= IFT_JTOKEN_NAME && p->at->kind <= IFT_JTOKEN_FLOAT;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        takes = takes && !ift_jparser_is(p, IFT_JTOKEN_NAME, ends[i]);
    if (is_sign(p, "(")) {
        if (ift_jparser_args(p, n) < 0) return NULL;
    } else if (takes || is_sign(p, "[") || is_sign(p, "{")) {
        struct ift_jnode *const arg = parse_postfix(p, parse_primary(p));
        if (!arg) return NULL;
        ift_jnode_arg(p, n, NULL, arg);
    }
    return negated ? with_kids(p, IFT_JNODE_NOT, n, NULL) : n;
}

/* first: the name of a filter comes at once, as in {% filter upper %}. */
struct ift_jnode *ift_jparse_filters(struct ift_jparser *p, struct ift_jnode *n, bool first) {
    if (first) n = parse_filter(p, n);
    while (n) {
        if (sign(p, "|"))
            n = parse_filter(p, n);
        else if (!first && word(p, "is"))
            n = parse_test(p, n);
        else if (!first && is_sign(p, "("))
            n = parse_call(p, n);
        else
            break;
    }
    return n;
}

/* ---- operators ---- */

static struct ift_jnode *parse_unary(struct ift_jparser *p, bool filters) {
    struct ift_jnode *n = NULL;
    const char *const op = is_sign(p, "-") ? "-" : is_sign(p, "+") ? "+" : NULL;
    if (++p->depth > IFT_JINJA_DEPTH) {
        ift_jparser_fail(p, "too deep");
        return NULL;
    }
    if (op) {
        p->at++;
        struct ift_jnode *const of = parse_unary(p, false);
        if (of) {
            n = with_kids(p, IFT_JNODE_UNARY, of, NULL);
            n->name = op;
        }
    } else {
        n = parse_primary(p);
    }
    n = n ? parse_postfix(p, n) : NULL;
    if (n && filters) n = ift_jparse_filters(p, n, false);
    p->depth--;
    return n;
}

/* Left-associative operators, the tightest first. */
static const char *const level[][5] = {{"**"}, {"*", "/", "//", "%"}, {"~"}, {"+", "-"}};

static struct ift_jnode *parse_binary(struct ift_jparser *p, int at) {
    struct ift_jnode *n = at < 0 ? parse_unary(p, true) : parse_binary(p, at - 1);
    while (n && at >= 0) {
        const char *op = NULL;
        for (size_t i = 0; !op && level[at][i]; i++)
            if (sign(p, level[at][i])) op = level[at][i];
        if (!op) break;
        struct ift_jnode *const right = parse_binary(p, at - 1);
        if (!right) return NULL;
        n = with_kids(p, IFT_JNODE_BINARY, n, right);
        n->name = op;
    }
    return n;
}

static int compare_op(struct ift_jparser *p) {
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="}; /* enum ift_jcompare */
    for (int i = 0; i < 6; i++)
        if (sign(p, ops[i])) return i;
    if (word(p, "in")) return IFT_JCOMPARE_IN;
    if (ift_jparser_is(p, IFT_JTOKEN_NAME, "not") && p->at[1].kind == IFT_JTOKEN_NAME &&
        ift_slice_is(p->at[1].text, "in")) {
        p->at += 2;
        return IFT_JCOMPARE_NOT_IN;
    }
    return -1;
}

static struct ift_jnode *parse_compare(struct ift_jparser *p) {
    struct ift_jnode *n = parse_binary(p, 3), *chain = NULL;
    size_t cap = 0;
    for (int op; n && (op = compare_op(p)) >= 0;) {
        struct ift_jnode *const right = parse_binary(p, 3);
        if (!right) return NULL;
        if (!chain) chain = n = with_kids(p, IFT_JNODE_COMPARE, n, NULL);
        chain->op = grow(p, chain->op, chain->n - 1, &cap, 1);
        chain->op[chain->n - 1] = (uint8_t)op;
        ift_jnode_add(p, chain, right);
    }
    return n;
}

static struct ift_jnode *parse_not(struct ift_jparser *p) {
    struct ift_jnode *n;
    if (!word(p, "not")) return parse_compare(p);
    if (++p->depth > IFT_JINJA_DEPTH) {
        ift_jparser_fail(p, "too deep");
        return NULL;
    }
    n = parse_not(p);
    p->depth--;
    return n ? with_kids(p, IFT_JNODE_NOT, n, NULL) : NULL;
}

static struct ift_jnode *parse_and(struct ift_jparser *p) {
    struct ift_jnode *n = parse_not(p);
    while (n && word(p, "and")) {
        struct ift_jnode *const right = parse_not(p);
        n = right ? with_kids(p, IFT_JNODE_AND, n, right) : NULL;
    }
    return n;
}

struct ift_jnode *ift_jparse_condition(struct ift_jparser *p) {
    struct ift_jnode *n = parse_and(p);
    while (n && word(p, "or")) {
        struct ift_jnode *const right = parse_and(p);
        n = right ? with_kids(p, IFT_JNODE_OR, n, right) : NULL;
    }
    return n;
}

static struct ift_jnode *parse_conditional(struct ift_jparser *p) {
    struct ift_jnode *n = ift_jparse_condition(p);
    while (n && word(p, "if")) {
        struct ift_jnode *const test = ift_jparse_condition(p), *other = NULL;
        if (!test) return NULL;
        if (word(p, "else") && !(other = ift_jparse_expression(p))) return NULL;
        n = with_kids(p, IFT_JNODE_COND, test, n);
        ift_jnode_add(p, n, other);
    }
    return n;
}

struct ift_jnode *ift_jparse_expression(struct ift_jparser *p) {
    if (++p->depth > IFT_JINJA_DEPTH) {
        ift_jparser_fail(p, "too deep");
        return NULL;
    }
    struct ift_jnode *const n = parse_conditional(p);
    p->depth--;
    return n;
}

static bool at_tuple_end(const struct ift_jparser *p) {
    return p->at->kind == IFT_JTOKEN_CLOSE || p->at->kind == IFT_JTOKEN_END || is_sign(p, ")") ||
           is_sign(p, "=") || ift_jparser_is(p, IFT_JTOKEN_NAME, "recursive");
}

struct ift_jnode *ift_jparse_tuple(struct ift_jparser *p, bool conditional) {
    struct ift_jnode *first = conditional ? ift_jparse_expression(p) : ift_jparse_condition(p);
    if (!first || !is_sign(p, ",")) return first;
    struct ift_jnode *const n = with_kids(p, IFT_JNODE_TUPLE, first, NULL);
    while (sign(p, ",") && !at_tuple_end(p)) {
        struct ift_jnode *const item =
            conditional ? ift_jparse_expression(p) : ift_jparse_condition(p);
        if (!item) return NULL;
        ift_jnode_add(p, n, item);
    }
    return n;
}
