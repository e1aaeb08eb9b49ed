#include "libcore/io/parquet_tree.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/utf8.h"

enum { DEPTH = 64, DECIMAL_DIGITS = 154 /* of 64 bytes */ };

/* A walk over the elements, depth first. */
struct walk {
    struct ift_parquet_tree *tree;
    const struct ift_parquet_element *element;
    size_t n, at, cap;
    int depth;
    struct ift_err *err;
};

/* The levels of the place where a node is built. */
struct levels {
    unsigned def, rep;
};

static int build(struct walk *w, struct ift_parquet_node *node, struct levels at);
static int build_value(struct walk *w, struct ift_parquet_node *node, struct levels at);

static void release_node(struct ift_parquet_node *node) {
    for (size_t i = 0; i < node->children; i++) release_node(&node->child[i]);
    free(node->child);
    ift_str_release(&node->key);
}

void ift_parquet_tree_release(struct ift_parquet_tree *t) {
    release_node(&t->root);
    free(t->leaf);
    *t = (struct ift_parquet_tree){0};
}

void ift_parquet_tree_path(const struct ift_parquet_tree *t, size_t leaf, struct ift_str *path) {
    const struct ift_parquet_node *node = &t->root;
    const size_t before = path->n;
    while (node->kind != IFT_PARQUET_VALUE) {
        size_t i = 0;
        while (leaf >= node->child[i].leaf + node->child[i].leaves) i++;
        if (node->kind == IFT_PARQUET_MAP_OF) break; /* its own name says it */
        node = &node->child[i];
        if (path->n > before && node->name.n) ift_str_addc(path, '.');
        ift_str_add(path, node->name.p, node->name.n);
    }
}

/* ---- columns ---- */

/* What is wrong with a column's type; NULL: nothing. */
static const char *check_type(const struct ift_parquet_element *e) {
    const enum ift_parquet_physical p = e->physical;
    const bool bytes = p == IFT_PARQUET_BYTES || p == IFT_PARQUET_FIXED;
    const bool integer = p == IFT_PARQUET_INT32 || p == IFT_PARQUET_INT64;
    bool fits = true;
    switch (e->meaning) {
    case IFT_PARQUET_UNREAD:
        return e->unread;
    case IFT_PARQUET_LIST:
    case IFT_PARQUET_MAP:
        fits = false;
        break;
    case IFT_PARQUET_STRING:
        fits = bytes;
        break;
    case IFT_PARQUET_DECIMAL:
        fits = (bytes || integer) && e->scale >= 0 && e->scale <= DECIMAL_DIGITS;
        break;
    case IFT_PARQUET_DATE:
        fits = p == IFT_PARQUET_INT32;
        break;
    case IFT_PARQUET_TIME:
        fits = p == (e->digits == 3 ? IFT_PARQUET_INT32 : IFT_PARQUET_INT64) && e->digits > 0;
        break;
    case IFT_PARQUET_TIMESTAMP:
        fits = p == IFT_PARQUET_INT64 && e->digits > 0;
        break;
    case IFT_PARQUET_SIGNED:
    case IFT_PARQUET_UNSIGNED:
        fits = integer;
        break;
    case IFT_PARQUET_UUID:
        fits = p == IFT_PARQUET_FIXED && e->width == 16;
        break;
    case IFT_PARQUET_FLOAT16:
        fits = p == IFT_PARQUET_FIXED && e->width == 2;
        break;
    case IFT_PARQUET_AS_STORED:
    case IFT_PARQUET_NULL:
        break;
    }
    if (p == IFT_PARQUET_FIXED && e->width == 0) fits = false;
    return fits ? NULL : "a logical type that does not fit how it is stored";
}

static int refuse(const struct walk *w, const struct ift_parquet_element *e, const char *why) {
    return IFT_FAIL(w->err, "column \"%.*s\" cannot be read: %s", IFT_SHOWN(e->name), why);
}

static int cut_short(const struct walk *w) {
    return IFT_FAIL(w->err, "damaged: its schema ends too early");
}

static int build_leaf(struct walk *w, struct ift_parquet_node *node, struct levels at) {
    const struct ift_parquet_element *const e = &w->element[w->at++];
    const char *const wrong = check_type(e);
    if (wrong) return refuse(w, e, wrong);
    struct ift_parquet_tree *const t = w->tree;
    t->leaf = ift_grow(t->leaf, t->leaves + 1, &w->cap, sizeof *t->leaf);
    struct ift_parquet_leaf *const leaf = &t->leaf[t->leaves];
    *leaf = (struct ift_parquet_leaf){.type = e, .max_def = at.def, .max_rep = at.rep};
    node->kind = IFT_PARQUET_VALUE;
    node->leaf = t->leaves++;
    node->leaves = 1;
    return 0;
}

/* ---- groups ---- */

static struct ift_parquet_node *add_children(struct ift_parquet_node *node, size_t n) {
    node->child = ift_alloc0(n, sizeof *node->child);
    node->children = n;
    return node->child;
}

static int by_name(const void *a, const void *b) {
    const struct ift_slice x = *(const struct ift_slice *)a, y = *(const struct ift_slice *)b;
    const int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* Of two members with one name JSON would keep one. */
static int check_names(const struct walk *w, const struct ift_parquet_node *node) {
    if (node->children < 2) return 0;
    struct ift_slice *const name = ift_alloc(node->children * sizeof *name);
    size_t i;
    for (i = 0; i < node->children; i++) name[i] = node->child[i].name;
    qsort(name, node->children, sizeof *name, by_name);
    for (i = 1; i < node->children && !ift_slice_eq(name[i - 1], name[i]); i++) {
    }
    const bool twice = i < node->children;
    if (twice) ift_fail(w->err, "two columns are named \"%.*s\"", IFT_SHOWN(name[i]));
    free(name);
    return twice ? -1 : 0;
}

static int build_struct(struct walk *w, struct ift_parquet_node *node, struct levels at) {
    const size_t n = w->element[w->at++].children;
    if (n > w->n - w->at) return cut_short(w);
    node->kind = IFT_PARQUET_STRUCT;
    node->leaf = w->tree->leaves;
    add_children(node, n);
    for (size_t i = 0; i < n; i++) {
        struct ift_parquet_node *const child = &node->child[i];
        if (w->at == w->n) return cut_short(w);
        const struct ift_slice name = child->name = w->element[w->at].name;
        if (ift_utf8_check(name.p, name.n) < name.n)
            return IFT_FAIL(w->err, "the name of a column is not UTF-8");
        ift_json_quote(&child->key, name.p, name.n);
        ift_str_addc(&child->key, ':');
        IFT_TRY(build(w, child, at));
    }
    node->leaves = w->tree->leaves - node->leaf;
    return check_names(w, node);
}

/* Whether the repeated group at `e` is itself the element of the list named `list`, not one more
 * step on the way to it. */
static bool is_element(const struct ift_parquet_element *e, struct ift_slice list) {
    static const char tuple[] = "_tuple";
    const size_t n = sizeof tuple - 1;
    if (e->physical != IFT_PARQUET_GROUP || e->children != 1) return true;
    if (e->meaning == IFT_PARQUET_LIST || e->meaning == IFT_PARQUET_MAP) return true;
    if (e[1].repetition == IFT_PARQUET_REPEATED) return true;
    return ift_slice_is(e->name, "array") ||
           (e->name.n == list.n + n && memcmp(e->name.p, list.p, list.n) == 0 &&
            memcmp(e->name.p + list.n, tuple, n) == 0);
}

static bool has_repeated_child(const struct walk *w) {
    return w->element[w->at].children == 1 && w->at + 1 < w->n &&
           w->element[w->at + 1].repetition == IFT_PARQUET_REPEATED;
}

/* The levels within the repeated step, which the node remembers. */
static struct levels repeat(struct ift_parquet_node *node, struct levels at) {
    node->item_def = at.def + 1;
    node->rep = at.rep + 1;
    return (struct levels){at.def + 1, at.rep + 1};
}

static int build_list(struct walk *w, struct ift_parquet_node *node, struct levels at) {
    const struct ift_slice name = w->element[w->at++].name;
    const struct ift_parquet_element *const e = &w->element[w->at];
    if (w->at + 1 == w->n && e->children > 0) return cut_short(w);
    const struct levels within = repeat(node, at);
    node->kind = IFT_PARQUET_LIST_OF;
    node->leaf = w->tree->leaves;
    struct ift_parquet_node *const item = add_children(node, 1);
    if (is_element(e, name)) {
        item->def = within.def;
        IFT_TRY(build_value(w, item, within));
    } else {
        w->at++;
        IFT_TRY(build(w, item, within));
    }
    node->leaves = w->tree->leaves - node->leaf;
    return 0;
}

static bool is_map(const struct walk *w) {
    return has_repeated_child(w) && w->element[w->at + 1].physical == IFT_PARQUET_GROUP &&
           w->element[w->at + 1].children == 2;
}

static int build_map(struct walk *w, struct ift_parquet_node *node, struct levels at) {
    const struct ift_parquet_element *const map = &w->element[w->at];
    w->at += 2;
    const struct levels within = repeat(node, at);
    node->kind = IFT_PARQUET_MAP_OF;
    node->leaf = w->tree->leaves;
    add_children(node, 2);
    for (size_t i = 0; i < 2; i++) {
        if (w->at == w->n) return cut_short(w);
        IFT_TRY(build(w, &node->child[i], within));
    }
    if (node->child[0].kind != IFT_PARQUET_VALUE)
        return refuse(w, map, "a map whose keys are no plain values");
    node->leaves = w->tree->leaves - node->leaf;
    return 0;
}

/* The element at w->at without regard to its own repetition. */
static int build_value(struct walk *w, struct ift_parquet_node *node, struct levels at) {
    const struct ift_parquet_element *const e = &w->element[w->at];
    int rc;
    if (w->depth == DEPTH) return IFT_FAIL(w->err, "nested more than %d deep", DEPTH);
    w->depth++;
    if (e->physical != IFT_PARQUET_GROUP) {
        rc = build_leaf(w, node, at);
    } else if (e->meaning == IFT_PARQUET_UNREAD) {
        rc = refuse(w, e, e->unread);
    } else if (e->meaning == IFT_PARQUET_MAP && is_map(w)) {
        rc = build_map(w, node, at);
    } else if (e->meaning == IFT_PARQUET_LIST && has_repeated_child(w)) {
        rc = build_list(w, node, at);
    } else if (e->children == 0) {
        rc = refuse(w, e, "a group without columns");
    } else {
        rc = build_struct(w, node, at);
    }
    w->depth--;
    return rc;
}

static int build(struct walk *w, struct ift_parquet_node *node, struct levels at) {
    const struct ift_parquet_element *const e = &w->element[w->at];
    if (e->repetition != IFT_PARQUET_REPEATED) {
        at.def += e->repetition == IFT_PARQUET_OPTIONAL;
        node->def = at.def;
        return build_value(w, node, at);
    }
    /* Repeated outside a list: a list all the same, which is never null, nor are its elements. */
    node->def = at.def;
    const struct levels within = repeat(node, at);
    node->kind = IFT_PARQUET_LIST_OF;
    node->leaf = w->tree->leaves;
    struct ift_parquet_node *const item = add_children(node, 1);
    item->def = within.def;
    IFT_TRY(build_value(w, item, within));
    node->leaves = w->tree->leaves - node->leaf;
    return 0;
}

int ift_parquet_tree_build(struct ift_parquet_tree *t, const struct ift_parquet_element *element,
                           size_t n, struct ift_err *err) {
    struct walk w = {.tree = t, .element = element, .n = n, .err = err};
    *t = (struct ift_parquet_tree){0};
    if (n == 0 || element[0].physical != IFT_PARQUET_GROUP)
        return IFT_FAIL(err, "damaged: its schema has no root");
    int rc = build_struct(&w, &t->root, (struct levels){0, 0});
    if (rc == 0 && w.at < n) rc = IFT_FAIL(err, "damaged: its schema is no tree");
    if (rc < 0) ift_parquet_tree_release(t);
    return rc;
}
