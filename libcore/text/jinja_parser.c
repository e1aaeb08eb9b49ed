/* What the readers of jinja_parser.h have in common. */
#include <string.h>

#include "libcore/text/jinja_parser.h"

/* ---- tokens ---- */

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

int ift_jparser_deeper(struct ift_jparser *p) {
    return ++p->depth > IFT_JINJA_DEPTH ? ift_jparser_fail(p, "too deep") : 0;
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
                            text ? text : "the tag's end", text ? "'" : "", IFT_SHOWN(p->at->text));
}

bool ift_jskip_sign(struct ift_jparser *p, const char *sign) {
    return ift_jparser_skip(p, IFT_JTOKEN_SIGN, sign);
}

bool ift_jskip_word(struct ift_jparser *p, const char *word) {
    return ift_jparser_skip(p, IFT_JTOKEN_NAME, word);
}

bool ift_jat_sign(const struct ift_jparser *p, const char *sign) {
    return ift_jparser_is(p, IFT_JTOKEN_SIGN, sign);
}

char *ift_jparser_name(struct ift_jparser *p) {
    if (p->at->kind != IFT_JTOKEN_NAME) {
        ift_jparser_fail(p, "a name is expected");
        return NULL;
    }
    const struct ift_slice name = (p->at++)->text;
    return ift_arena_strndup(p->arena, name.p, name.n);
}

/* ---- nodes ---- */

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

struct ift_jnode *ift_jnode_of(struct ift_jparser *p, enum ift_jnode_kind kind, struct ift_jnode *a,
                               struct ift_jnode *b) {
    struct ift_jnode *const n = ift_jnode_new(p, kind);
    ift_jnode_add(p, n, a);
    if (b) ift_jnode_add(p, n, b);
    return n;
}

void ift_jnode_op(struct ift_jparser *p, struct ift_jnode *node, enum ift_jcompare op) {
    node->op = grow(p, node->op, node->nop, &node->op_cap, 1);
    node->op[node->nop++] = (uint8_t)op;
}
