#include "libcore/io/html.h"

#include <gumbo.h>
#include <string.h>

enum { MOST_TAGS = 20000 }; /* gumbo frees its tree by recursion: this bounds how deep it is */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The tag that begins at `at`, a '<' before the text's last '>', or GUMBO_TAG_UNKNOWN. */
static GumboTag tag_at(const char *at) {
    const char *const from = at + 1 + (at[1] == '/'), *to = from;
    while (is_letter(*to) || (to > from && *to >= '0' && *to <= '9')) to++;
    const bool ends = *to && strchr(" \t\n\f\r/>", *to);
    return ends && to > from ? gumbo_tagn_enum(from, (unsigned)(to - from)) : GUMBO_TAG_UNKNOWN;
}

bool ift_html_is(const char *p, size_t n) {
    const char *const last = memrchr(p, '>', n);
    if (!last) return false;
    for (const char *at = p; (at = memchr(at, '<', (size_t)(last - at))); at++)
        if (tag_at(at) != GUMBO_TAG_UNKNOWN) return true;
    return false;
}

/* ---- layout ---- */

enum display { INLINE_BOX, BLOCK, PARAGRAPH, ROW, CELL, BREAK, HIDDEN };

static enum display display_of(GumboTag tag) {
    switch (tag) {
    case GUMBO_TAG_P:
        return PARAGRAPH;
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_DETAILS:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_FIELDSET:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_FIGURE:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_FORM:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_SUMMARY:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_UL:
        return BLOCK;
    case GUMBO_TAG_TR:
        return ROW;
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH:
        return CELL;
    case GUMBO_TAG_BR:
        return BREAK;
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_HEAD:
    case GUMBO_TAG_TITLE:
        return HIDDEN;
    default:
        return INLINE_BOX;
    }
}

/* The text so far. What separates is kept until something follows it: at the end and at the start
 * nothing does. */
struct layout {
    struct ift_str *out;
    size_t from;    /* where the text begins in out */
    int breaks;     /* line breaks asked for */
    bool blank;     /* a collapsed blank is due */
    bool collapses; /* blanks do */
};

static void settle(struct layout *l) {
    const bool first = l->out->n == l->from;
    for (; l->breaks > 0; l->breaks--)
        if (!first) ift_str_addc(l->out, '\n');
    const char last = l->out->n > l->from ? l->out->p[l->out->n - 1] : '\n';
    if (l->blank && last != '\n' && last != '\t') ift_str_addc(l->out, ' ');
    l->blank = false;
}

static void ask(struct layout *l, int breaks) {
    if (l->breaks < breaks) l->breaks = breaks;
    l->blank = false;
}

static void add_text(struct layout *l, const char *text, bool pre) {
    for (const char *p = text; *p; p++) {
        if (!pre && strchr(" \t\n\f\r", *p)) {
            l->blank = true;
            continue;
        }
        settle(l);
        ift_str_addc(l->out, *p);
    }
}

static bool is_first_cell(const GumboNode *node) {
    const GumboVector *const all = &node->parent->v.element.children;
    for (size_t i = 0; i < node->index_within_parent; i++) {
        const GumboNode *const n = all->data[i];
        if (n->type == GUMBO_NODE_ELEMENT && display_of(n->v.element.tag) == CELL) return false;
    }
    return true;
}

static void enter(struct layout *l, const GumboNode *node) {
    switch (display_of(node->v.element.tag)) {
    case BREAK:
        settle(l);
        ift_str_addc(l->out, '\n');
        break;
    case CELL:
        if (!is_first_cell(node)) {
            settle(l);
            ift_str_addc(l->out, '\t');
        }
        break;
    case PARAGRAPH:
        ask(l, 2);
        break;
    case BLOCK:
    case ROW:
        ask(l, 1);
        break;
    case INLINE_BOX:
    case HIDDEN:
        break;
    }
}

static void leave(struct layout *l, const GumboNode *node) {
    const enum display display = display_of(node->v.element.tag);
    if (display == PARAGRAPH)
        ask(l, 2);
    else if (display == BLOCK || display == ROW)
        ask(l, 1);
}

static const GumboVector *children(const GumboNode *node) {
    if (node->type != GUMBO_NODE_ELEMENT || display_of(node->v.element.tag) == HIDDEN) return NULL;
    return &node->v.element.children;
}

static bool is_pre(const GumboNode *node) {
    return node->type == GUMBO_NODE_ELEMENT &&
           (node->v.element.tag == GUMBO_TAG_PRE || node->v.element.tag == GUMBO_TAG_TEXTAREA);
}

static bool has_blocks(const GumboNode *root) {
    const GumboNode *node = root;
    for (size_t i = 0;;) { /* i: the child of node to look at next */
        const GumboVector *const all = children(node);
        if (all && i < all->length) {
            node = all->data[i];
            i = 0;
            const bool element = node->type == GUMBO_NODE_ELEMENT;
            const enum display d = element ? display_of(node->v.element.tag) : INLINE_BOX;
            if (d == BLOCK || d == PARAGRAPH || d == ROW) return true;
        } else {
            if (node == root) return false;
            i = node->index_within_parent + 1;
            node = node->parent;
        }
    }
}

/* In document order, without recursion. */
static void lay_out(struct layout *l, const GumboNode *root) {
    const GumboNode *node = root;
    int pre = 0; /* how many of those around are */
    for (size_t i = 0;;) {
        const GumboVector *const all = children(node);
        if (all && i < all->length) {
            node = all->data[i];
            i = 0;
            if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
                node->type == GUMBO_NODE_CDATA)
                add_text(l, node->v.text.text, pre || !l->collapses);
            else if (node->type == GUMBO_NODE_ELEMENT)
                enter(l, node);
            pre += is_pre(node);
        } else {
            if (node == root) return;
            if (node->type == GUMBO_NODE_ELEMENT) leave(l, node);
            pre -= is_pre(node);
            i = node->index_within_parent + 1;
            node = node->parent;
        }
    }
}

int ift_html_text(const char *p, size_t n, struct ift_str *out, struct ift_err *err) {
    size_t tags = 0;
    for (const char *at = p, *const end = p + n; (at = memchr(at, '<', (size_t)(end - at))); at++)
        tags++;
    if (tags > MOST_TAGS) return IFT_FAIL(err, "%zu tags in one text, %d at most", tags, MOST_TAGS);
    GumboOptions options = kGumboDefaultOptions;
    options.fragment_context = GUMBO_TAG_BODY;
    options.max_errors = 0;
    GumboOutput *const tree = gumbo_parse_with_options(&options, p, n);
    struct layout l = {.out = out, .from = out->n, .collapses = has_blocks(tree->root)};
    lay_out(&l, tree->root);
    gumbo_destroy_output(&options, tree);
    return 0;
}
