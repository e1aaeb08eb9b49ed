/* Expressions of jinja.h: tokens to a tree, loosest binding first. */
#include "libcore/text/jinja_parser.h"

static struct ift_jnode *parse_unary(struct ift_jparser *p, bool filters) {
    struct ift_jnode *n = NULL;
    const char *const op = ift_jat_sign(p, "-") ? "-" : ift_jat_sign(p, "+") ? "+" : NULL;
    if (ift_jparser_deeper(p) < 0) return NULL;
    if (op) {
        p->at++;
        struct ift_jnode *const of = parse_unary(p, false);
        if (of) {
            n = ift_jnode_of(p, IFT_JNODE_UNARY, of, NULL);
            n->name = op;
        }
    } else {
        n = ift_jparse_operand(p);
    }
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
            if (ift_jskip_sign(p, level[at][i])) op = level[at][i];
        if (!op) break;
        struct ift_jnode *const right = parse_binary(p, at - 1);
        if (!right) return NULL;
        n = ift_jnode_of(p, IFT_JNODE_BINARY, n, right);
        n->name = op;
    }
    return n;
}

static int compare_op(struct ift_jparser *p) {
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="}; /* enum ift_jcompare */
    for (int i = 0; i < 6; i++)
        if (ift_jskip_sign(p, ops[i])) return i;
    if (ift_jskip_word(p, "in")) return IFT_JCOMPARE_IN;
    if (ift_jparser_is(p, IFT_JTOKEN_NAME, "not") && p->at[1].kind == IFT_JTOKEN_NAME &&
        ift_slice_is(p->at[1].text, "in")) {
        p->at += 2;
        return IFT_JCOMPARE_NOT_IN;
    }
    return -1;
}

static struct ift_jnode *parse_compare(struct ift_jparser *p) {
    struct ift_jnode *n = parse_binary(p, 3), *chain = NULL;
    for (int op; n && (op = compare_op(p)) >= 0;) {
        struct ift_jnode *const right = parse_binary(p, 3);
        if (!right) return NULL;
        if (!chain) chain = n = ift_jnode_of(p, IFT_JNODE_COMPARE, n, NULL);
        ift_jnode_op(p, chain, (enum ift_jcompare)op);
        ift_jnode_add(p, chain, right);
    }
    return n;
}

static struct ift_jnode *parse_not(struct ift_jparser *p) {
    struct ift_jnode *n;
    if (!ift_jskip_word(p, "not")) return parse_compare(p);
    if (ift_jparser_deeper(p) < 0) return NULL;
    n = parse_not(p);
    p->depth--;
    return n ? ift_jnode_of(p, IFT_JNODE_NOT, n, NULL) : NULL;
}

static struct ift_jnode *parse_and(struct ift_jparser *p) {
    struct ift_jnode *n = parse_not(p);
    while (n && ift_jskip_word(p, "and")) {
        struct ift_jnode *const right = parse_not(p);
        n = right ? ift_jnode_of(p, IFT_JNODE_AND, n, right) : NULL;
    }
    return n;
}

/* Without `x if y`. */
static struct ift_jnode *parse_condition(struct ift_jparser *p) {
    struct ift_jnode *n = parse_and(p);
    while (n && ift_jskip_word(p, "or")) {
        struct ift_jnode *const right = parse_and(p);
        n = right ? ift_jnode_of(p, IFT_JNODE_OR, n, right) : NULL;
    }
    return n;
}

static struct ift_jnode *parse_conditional(struct ift_jparser *p) {
    struct ift_jnode *n = parse_condition(p);
    while (n && ift_jskip_word(p, "if")) {
        struct ift_jnode *const test = parse_condition(p), *other = NULL;
        if (!test) return NULL;
        if (ift_jskip_word(p, "else") && !(other = ift_jparse_expression(p))) return NULL;
        n = ift_jnode_of(p, IFT_JNODE_COND, test, n);
        ift_jnode_add(p, n, other);
    }
    return n;
}

struct ift_jnode *ift_jparse_expression(struct ift_jparser *p) {
    if (ift_jparser_deeper(p) < 0) return NULL;
    struct ift_jnode *const n = parse_conditional(p);
    p->depth--;
    return n;
}

static bool at_tuple_end(const struct ift_jparser *p) {
    return p->at->kind == IFT_JTOKEN_CLOSE || p->at->kind == IFT_JTOKEN_END ||
           ift_jat_sign(p, ")") || ift_jat_sign(p, "=") ||
           ift_jparser_is(p, IFT_JTOKEN_NAME, "recursive");
}

struct ift_jnode *ift_jparse_tuple(struct ift_jparser *p, bool conditional) {
    struct ift_jnode *first = conditional ? ift_jparse_expression(p) : parse_condition(p);
    if (!first || !ift_jat_sign(p, ",")) return first;
    struct ift_jnode *const n = ift_jnode_of(p, IFT_JNODE_TUPLE, first, NULL);
    while (ift_jskip_sign(p, ",") && !at_tuple_end(p)) {
        struct ift_jnode *const item = conditional ? ift_jparse_expression(p) : parse_condition(p);
        if (!item) return NULL;
        ift_jnode_add(p, n, item);
    }
    return n;
}
