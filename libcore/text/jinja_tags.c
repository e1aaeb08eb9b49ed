/* Statements of jinja.h, and the template as a whole. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja_parser.h"

static struct ift_jnode *parse_body(struct ift_jparser *p, const char *const *ends);

static int end_tag(struct ift_jparser *p) {
    return ift_jparser_expect(p, IFT_JTOKEN_CLOSE, NULL);
}

/* The body up to the tag that ends it, which is taken whole. */
static struct ift_jnode *parse_block(struct ift_jparser *p, const char *end) {
    const char *const ends[] = {end, NULL};
    if (end_tag(p) < 0) return NULL;
    struct ift_jnode *const body = parse_body(p, ends);
    return body && ift_jskip_word(p, end) && end_tag(p) == 0 ? body : NULL;
}

static struct ift_jnode *parse_name(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_NAME);
    n->name = ift_jparser_name(p);
    return n->name ? n : NULL;
}

/* a; a, b; (a, b); with `attributes` also a.b */
static struct ift_jnode *parse_target(struct ift_jparser *p, bool attributes) {
    const bool brackets = ift_jskip_sign(p, "(");
    struct ift_jnode *n = parse_name(p);
    if (!n) return NULL;
    if (attributes && !brackets && ift_jskip_sign(p, ".")) {
        struct ift_jnode *const attr = ift_jnode_new(p, IFT_JNODE_ATTR);
        ift_jnode_add(p, attr, n);
        attr->name = ift_jparser_name(p);
        return attr->name ? attr : NULL;
    }
    if (ift_jat_sign(p, ",")) {
        struct ift_jnode *const tuple = ift_jnode_new(p, IFT_JNODE_TUPLE);
        ift_jnode_add(p, tuple, n);
        while (ift_jskip_sign(p, ",") && p->at->kind == IFT_JTOKEN_NAME) {
            if (!(n = parse_name(p))) return NULL;
            ift_jnode_add(p, tuple, n);
        }
        n = tuple;
    }
    return !brackets || ift_jparser_expect(p, IFT_JTOKEN_SIGN, ")") == 0 ? n : NULL;
}

static struct ift_jnode *parse_for(struct ift_jparser *p) {
    static const char *const ends[] = {"else", "endfor", NULL};
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_FOR);
    struct ift_jnode *kid[5] = {0};
    if (!(kid[0] = parse_target(p, false))) return NULL;
    if (ift_jparser_expect(p, IFT_JTOKEN_NAME, "in") < 0) return NULL;
    if (!(kid[1] = ift_jparse_tuple(p, false))) return NULL;
    if (ift_jskip_word(p, "if") && !(kid[2] = ift_jparse_expression(p))) return NULL;
    n->recursive = ift_jskip_word(p, "recursive");
    if (end_tag(p) < 0) return NULL;
    p->loops++;
    kid[3] = parse_body(p, ends);
    p->loops--;
    if (!kid[3]) return NULL;
    if (ift_jskip_word(p, "else")) {
        if (!(kid[4] = parse_block(p, "endfor"))) return NULL;
    } else {
        p->at++;
        if (end_tag(p) < 0) return NULL;
    }
    for (int i = 0; i < 5; i++) ift_jnode_add(p, n, kid[i]);
    return n;
}

static struct ift_jnode *parse_if(struct ift_jparser *p) {
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    struct ift_jnode *first = NULL, *last = NULL;
    do {
        struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_IF);
        struct ift_jnode *const test = ift_jparse_tuple(p, true);
        if (!test || end_tag(p) < 0) return NULL;
        struct ift_jnode *const body = parse_body(p, ends);
        if (!body) return NULL;
        ift_jnode_add(p, n, test);
        ift_jnode_add(p, n, body);
        if (last) ift_jnode_add(p, last, n);
        first = first ? first : n;
        last = n;
    } while (ift_jskip_word(p, "elif"));
    if (ift_jskip_word(p, "else")) {
        struct ift_jnode *const body = parse_block(p, "endif");
        if (!body) return NULL;
        ift_jnode_add(p, last, body);
    } else {
        p->at++;
        if (end_tag(p) < 0) return NULL;
    }
    return first;
}

static struct ift_jnode *parse_set(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_SET);
    struct ift_jnode *const target = parse_target(p, true), *value = NULL;
    if (!target) return NULL;
    ift_jnode_add(p, n, target);
    if (ift_jskip_sign(p, "=")) {
        if (!(value = ift_jparse_tuple(p, true)) || end_tag(p) < 0) return NULL;
        ift_jnode_add(p, n, value);
        return n;
    }
    n->kind = IFT_JNODE_SET_BLOCK;
    if (ift_jskip_sign(p, "|") && !(value = ift_jparse_filters(p, NULL, true))) return NULL;
    ift_jnode_add(p, n, value);
    struct ift_jnode *const body = parse_block(p, "endset");
    if (!body) return NULL;
    ift_jnode_add(p, n, body);
    return n;
}

static int parse_params(struct ift_jparser *p, struct ift_jnode *macro) {
    IFT_TRY(ift_jparser_expect(p, IFT_JTOKEN_SIGN, "("));
    while (!ift_jskip_sign(p, ")")) {
        if (macro->narg) IFT_TRY(ift_jparser_expect(p, IFT_JTOKEN_SIGN, ","));
        const char *const name = ift_jparser_name(p);
        struct ift_jnode *value = NULL;
        if (!name) return -1;
        if (ift_jskip_sign(p, "=")) {
            if (!(value = ift_jparse_expression(p))) return -1;
        } else if (macro->narg && macro->arg[macro->narg - 1].value) {
            return ift_jparser_fail(p, "a parameter without a default follows one with");
        }
        ift_jnode_arg(p, macro, name, value);
    }
    return 0;
}

/* `break` belongs to a loop of the same body. */
static struct ift_jnode *parse_macro_body(struct ift_jparser *p, struct ift_jnode *macro,
                                          const char *end) {
    const int loops = p->loops;
    const uint8_t rest = p->rest;
    p->loops = p->rest = 0;
    struct ift_jnode *const body = parse_block(p, end);
    macro->rest = p->rest;
    p->loops = loops;
    p->rest |= rest;
    if (!body) return NULL;
    ift_jnode_add(p, macro, body);
    return macro;
}

static struct ift_jnode *parse_macro(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_MACRO);
    if (!(n->name = ift_jparser_name(p)) || parse_params(p, n) < 0) return NULL;
    return parse_macro_body(p, n, "endmacro");
}

static struct ift_jnode *parse_call(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_CALL_BLOCK);
    struct ift_jnode *const caller = ift_jnode_new(p, IFT_JNODE_MACRO);
    caller->name = "caller";
    if (ift_jat_sign(p, "(") && parse_params(p, caller) < 0) return NULL;
    struct ift_jnode *const call = ift_jparse_expression(p);
    if (!call) return NULL;
    if (call->kind != IFT_JNODE_CALL) {
        ift_jparser_fail(p, "a call is expected");
        return NULL;
    }
    ift_jnode_add(p, n, call);
    if (!parse_macro_body(p, caller, "endcall")) return NULL;
    ift_jnode_add(p, n, caller);
    return n;
}

static struct ift_jnode *parse_filter(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_FILTER_BLOCK);
    struct ift_jnode *const filters = ift_jparse_filters(p, NULL, true);
    if (!filters) return NULL;
    struct ift_jnode *const body = parse_block(p, "endfilter");
    if (!body) return NULL;
    ift_jnode_add(p, n, filters);
    ift_jnode_add(p, n, body);
    return n;
}

static struct ift_jnode *parse_with(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_WITH);
    while (p->at->kind != IFT_JTOKEN_CLOSE) {
        if (n->n && ift_jparser_expect(p, IFT_JTOKEN_SIGN, ",") < 0) return NULL;
        struct ift_jnode *const set = ift_jnode_new(p, IFT_JNODE_SET);
        struct ift_jnode *const target = parse_name(p);
        if (!target || ift_jparser_expect(p, IFT_JTOKEN_SIGN, "=") < 0) return NULL;
        struct ift_jnode *const value = ift_jparse_expression(p);
        if (!value) return NULL;
        ift_jnode_add(p, set, target);
        ift_jnode_add(p, set, value);
        ift_jnode_add(p, n, set);
    }
    struct ift_jnode *const body = parse_block(p, "endwith");
    if (!body) return NULL;
    ift_jnode_add(p, n, body);
    return n;
}

static struct ift_jnode *parse_generation(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_GENERATION);
    struct ift_jnode *const body = parse_block(p, "endgeneration");
    if (!body) return NULL;
    ift_jnode_add(p, n, body);
    p->marks = true;
    return n;
}

static struct ift_jnode *parse_jump(struct ift_jparser *p, enum ift_jnode_kind kind) {
    struct ift_jnode *const n = ift_jnode_new(p, kind);
    if (p->loops == 0) {
        ift_jparser_fail(p, "\"%s\" stands outside of a loop",
                         kind == IFT_JNODE_BREAK ? "break" : "continue");
        return NULL;
    }
    return end_tag(p) == 0 ? n : NULL;
}

static struct ift_jnode *parse_tag(struct ift_jparser *p) {
    if (ift_jskip_word(p, "for")) return parse_for(p);
    if (ift_jskip_word(p, "if")) return parse_if(p);
    if (ift_jskip_word(p, "set")) return parse_set(p);
    if (ift_jskip_word(p, "macro")) return parse_macro(p);
    if (ift_jskip_word(p, "call")) return parse_call(p);
    if (ift_jskip_word(p, "filter")) return parse_filter(p);
    if (ift_jskip_word(p, "with")) return parse_with(p);
    if (ift_jskip_word(p, "generation")) return parse_generation(p);
    if (ift_jskip_word(p, "break")) return parse_jump(p, IFT_JNODE_BREAK);
    if (ift_jskip_word(p, "continue")) return parse_jump(p, IFT_JNODE_CONTINUE);
    ift_jparser_fail(p, "the tag \"%.*s\" is not known here", IFT_SHOWN(p->at->text));
    return NULL;
}

static struct ift_jnode *parse_print(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_PRINT);
    struct ift_jnode *const value = ift_jparse_tuple(p, true);
    if (!value || end_tag(p) < 0) return NULL;
    ift_jnode_add(p, n, value);
    return n;
}

static struct ift_jnode *parse_data(struct ift_jparser *p) {
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_DATA);
    const struct ift_slice text = (p->at++)->text;
    n->value = ift_jval_of((struct ift_jtext){text.p, text.n, NULL});
    return n;
}

static bool at_end(struct ift_jparser *p, const char *const *ends) {
    if (p->at->kind != IFT_JTOKEN_TAG) return false;
    for (size_t i = 0; ends[i]; i++)
        if (p->at[1].kind == IFT_JTOKEN_NAME && ift_slice_is(p->at[1].text, ends[i])) {
            p->at++;
            return true;
        }
    return false;
}

/* Up to a tag of one of those names, which is next then; up to the end without names. */
static struct ift_jnode *parse_body(struct ift_jparser *p, const char *const *ends) {
    static const char *const nothing[] = {NULL};
    struct ift_jnode *const n = ift_jnode_new(p, IFT_JNODE_BODY);
    if (ift_jparser_deeper(p) < 0) return NULL;
    while (!at_end(p, ends ? ends : nothing)) {
        struct ift_jnode *kid;
        if (p->at->kind == IFT_JTOKEN_END) {
            if (!ends) break;
            size_t last = 0;
            while (ends[last + 1]) last++;
            ift_jparser_fail(p, "the template ends where \"%s\" is expected", ends[last]);
            return NULL;
        }
        if (p->at->kind == IFT_JTOKEN_DATA)
            kid = parse_data(p);
        else if (ift_jparser_skip(p, IFT_JTOKEN_PRINT, NULL))
            kid = parse_print(p);
        else
            p->at++, kid = parse_tag(p);
        if (!kid) return NULL;
        ift_jnode_add(p, n, kid);
    }
    p->depth--;
    return n;
}

int ift_jinja_open(struct ift_jinja **out, const char *text, size_t n, struct ift_err *err) {
    struct ift_jinja *const j = ift_alloc0(1, sizeof *j);
    struct ift_jtokens tokens = {0};
    struct ift_jparser p = {.arena = &j->arena, .err = err};
    int rc = ift_jinja_lex(&tokens, &j->arena, text, n, err);
    if (rc == 0) {
        p.at = tokens.token;
        j->body = parse_body(&p, NULL);
        j->marks = p.marks;
        rc = j->body ? 0 : -1;
    }
    free(tokens.token);
    *out = rc == 0 ? j : NULL;
    if (rc < 0) ift_jinja_free(j);
    return rc;
}

void ift_jinja_free(struct ift_jinja *j) {
    if (!j) return;
    ift_arena_release(&j->arena);
    free(j);
}

bool ift_jinja_marks(const struct ift_jinja *j) {
    return j->marks;
}
