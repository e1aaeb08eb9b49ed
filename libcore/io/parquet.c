#include "libcore/io/parquet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/parquet_column.h"
#include "libcore/io/parquet_meta.h"
#include "libcore/io/parquet_spell.h"
#include "libcore/io/parquet_tree.h"

struct ift_parquet {
    int fd;
    uint64_t end; /* of the pages; the footer follows */
    size_t row_max;
    struct ift_parquet_footer footer;
    struct ift_parquet_tree tree;
    struct ift_parquet_chunk *chunk;   /* of the row group, */
    struct ift_parquet_column *column; /* one for each leaf of the tree */
    uint64_t rows, left;               /* begun so far; in the row group to come */
    size_t row_at;                     /* where the present row begins in the output */
    struct ift_str wrong;              /* with the present row; empty: nothing */
};

bool ift_parquet_begins(const char *p, size_t n) {
    /* Behind the magic lies a header or the footer, which begin with a control character. */
    return n > 4 && memcmp(p, "PAR1", 4) == 0 && (unsigned char)p[4] < ' ' && p[4] != '\t' &&
           p[4] != '\n' && p[4] != '\r';
}

/* ---- opening ---- */

static int open_file(struct ift_parquet *p, struct ift_err *err) {
    struct stat st;
    if (fstat(p->fd, &st) < 0) return ift_fail_errno(err, "cannot be read");
    IFT_TRY(ift_parquet_footer_read(&p->footer, p->fd, err));
    p->end = (uint64_t)st.st_size - 8 - p->footer.bytes.n;
    IFT_TRY(ift_parquet_tree_build(&p->tree, p->footer.element, p->footer.nelements, err));
    p->chunk = ift_alloc0(p->tree.leaves, sizeof *p->chunk);
    p->column = ift_alloc0(p->tree.leaves, sizeof *p->column);
    return 0;
}

int ift_parquet_open_take(struct ift_parquet **out, int fd, size_t row_max, struct ift_err *err) {
    struct ift_parquet *const p = *out = ift_alloc0(1, sizeof *p);
    p->fd = fd;
    p->row_max = row_max ? row_max : (size_t)256 << 20;
    if (open_file(p, err) == 0) return 0;
    ift_parquet_free(p);
    *out = NULL;
    return -1;
}

void ift_parquet_free(struct ift_parquet *p) {
    if (!p) return;
    for (size_t i = 0; p->column && i < p->tree.leaves; i++)
        ift_parquet_column_release(&p->column[i]);
    free(p->column);
    free(p->chunk);
    ift_parquet_tree_release(&p->tree);
    ift_parquet_footer_release(&p->footer);
    ift_str_release(&p->wrong);
    close(p->fd);
    free(p);
}

/* ---- columns ---- */

/* Puts a column's name in front of a message. */
static int fail_column(const struct ift_parquet *p, size_t leaf, struct ift_err *err) {
    struct ift_str path = {0};
    ift_parquet_tree_path(&p->tree, leaf, &path);
    ift_fail_in(err, "column \"%.200s\"", path.n ? path.p : "");
    ift_str_release(&path);
    return -1;
}

static int disagree(const struct ift_parquet *p, size_t leaf, struct ift_err *err) {
    ift_fail(err, "damaged: its levels do not agree with its neighbours'");
    return fail_column(p, leaf, err);
}

/* The first thing that is wrong with a row is what is said of it. */
static void note_wrong(struct ift_parquet *p, size_t leaf, const char *what) {
    if (p->wrong.n) return;
    struct ift_err text = {0};
    ift_fail(&text, "%s", what);
    fail_column(p, leaf, &text);
    ift_str_adds(&p->wrong, text.text);
}

static int step(struct ift_parquet *p, size_t leaf, struct ift_err *err) {
    return ift_parquet_column_step(&p->column[leaf], err) < 0 ? fail_column(p, leaf, err) : 0;
}

static int begin_group(struct ift_parquet *p, struct ift_err *err) {
    const int got = ift_parquet_footer_group(&p->footer, p->chunk, p->tree.leaves, &p->left, err);
    for (size_t i = 0; i < p->tree.leaves && got > 0; i++) {
        if (ift_parquet_column_begin(&p->column[i], p->fd, &p->tree.leaf[i], &p->chunk[i], p->end,
                                     err) < 0)
            return fail_column(p, i, err);
    }
    return got;
}

/* Every value of a row group belongs to one of its rows. */
static int end_group(const struct ift_parquet *p, struct ift_err *err) {
    for (size_t i = 0; i < p->tree.leaves; i++) {
        if (p->column[i].ended || !p->column[i].leaf) continue;
        ift_fail(err, "damaged: more values than rows");
        return fail_column(p, i, err);
    }
    return 0;
}

/* ---- rows ---- */

static int write_node(struct ift_parquet *p, const struct ift_parquet_node *node, unsigned above,
                      struct ift_str *out, struct ift_err *err);

/* Passes over one entry of every column below, which must all say that there is nothing from level
 * `def` on, and everything from level `above`. */
static int pass(struct ift_parquet *p, const struct ift_parquet_node *node, unsigned above,
                unsigned def, struct ift_err *err) {
    for (size_t i = node->leaf; i < node->leaf + node->leaves; i++) {
        const struct ift_parquet_column *const c = &p->column[i];
        if (c->def >= def || c->def < above || c->ended) return disagree(p, i, err);
        IFT_TRY(step(p, i, err));
    }
    return 0;
}

static int write_value(struct ift_parquet *p, const struct ift_parquet_node *node,
                       struct ift_str *out, struct ift_err *err) {
    struct ift_parquet_column *const c = &p->column[node->leaf];
    struct ift_slice value;
    if (c->ended || !ift_parquet_values_next(&c->values, &value)) {
        ift_fail(err, "damaged: a value is missing or wrong");
        return fail_column(p, node->leaf, err);
    }
    const char *const wrong = ift_parquet_spell(out, c->leaf->type, value);
    if (wrong) note_wrong(p, node->leaf, wrong);
    return step(p, node->leaf, err);
}

static int write_struct(struct ift_parquet *p, const struct ift_parquet_node *node,
                        struct ift_str *out, struct ift_err *err) {
    ift_str_addc(out, '{');
    for (size_t i = 0; i < node->children; i++) {
        const struct ift_parquet_node *const child = &node->child[i];
        if (i) ift_str_addc(out, ',');
        ift_str_add(out, child->key.p, child->key.n);
        IFT_TRY(write_node(p, child, node->def, out, err));
    }
    ift_str_addc(out, '}');
    return 0;
}

/* A key, which must be a string: of another value, its spelling. */
static int write_key(struct ift_parquet *p, const struct ift_parquet_node *map, struct ift_str *out,
                     struct ift_err *err) {
    const size_t at = out->n;
    if (p->column[map->leaf].def < map->child[0].def)
        note_wrong(p, map->leaf, "a key that is null");
    IFT_TRY(write_node(p, &map->child[0], map->item_def, out, err));
    if (out->n > at && out->p[at] == '"') return 0;
    ift_str_adds(out, "\"\"");
    memmove(out->p + at + 1, out->p + at, out->n - at - 2);
    out->p[at] = '"';
    return 0;
}

static int write_element(struct ift_parquet *p, const struct ift_parquet_node *node,
                         struct ift_str *out, struct ift_err *err) {
    if (node->kind == IFT_PARQUET_LIST_OF)
        return write_node(p, &node->child[0], node->item_def, out, err);
    IFT_TRY(write_key(p, node, out, err));
    ift_str_addc(out, ':');
    return write_node(p, &node->child[1], node->item_def, out, err);
}

/* Whether the list goes on: 1, 0, or -1 where its columns do not agree. */
static int goes_on(const struct ift_parquet *p, const struct ift_parquet_node *node,
                   struct ift_err *err) {
    const bool on = p->column[node->leaf].rep == node->rep;
    for (size_t i = node->leaf + 1; i < node->leaf + node->leaves; i++) {
        if ((p->column[i].rep == node->rep) != on) return disagree(p, i, err);
    }
    return on;
}

static int write_list(struct ift_parquet *p, const struct ift_parquet_node *node,
                      struct ift_str *out, struct ift_err *err) {
    const bool list = node->kind == IFT_PARQUET_LIST_OF;
    ift_str_addc(out, list ? '[' : '{');
    if (p->column[node->leaf].def < node->item_def) {
        IFT_TRY(pass(p, node, node->def, node->item_def, err));
    } else {
        for (int on = 1; on > 0;) {
            IFT_TRY(write_element(p, node, out, err));
            on = goes_on(p, node, err);
            if (on < 0) return -1;
            if (on) ift_str_addc(out, ',');
            if (out->n - p->row_at > p->row_max)
                return IFT_FAIL(err, "a row of more than %zu bytes", p->row_max);
        }
    }
    ift_str_addc(out, list ? ']' : '}');
    return 0;
}

/* `above` is the level from which what the node is part of is there. */
static int write_node(struct ift_parquet *p, const struct ift_parquet_node *node, unsigned above,
                      struct ift_str *out, struct ift_err *err) {
    const unsigned def = p->column[node->leaf].def;
    if (def < above) return disagree(p, node->leaf, err);
    if (def < node->def) {
        ift_str_adds(out, "null");
        return pass(p, node, above, node->def, err);
    }
    switch (node->kind) {
    case IFT_PARQUET_VALUE:
        return write_value(p, node, out, err);
    case IFT_PARQUET_STRUCT:
        return write_struct(p, node, out, err);
    default:
        return write_list(p, node, out, err);
    }
}

static int write_row(struct ift_parquet *p, struct ift_str *out, struct ift_err *err) {
    for (size_t i = 0; i < p->tree.leaves; i++) {
        if (!p->column[i].ended && p->column[i].rep == 0) continue;
        ift_fail(err, "damaged: %s",
                 p->column[i].ended ? "fewer values than rows" : "a row that begins within a list");
        return fail_column(p, i, err);
    }
    p->row_at = out->n;
    return write_struct(p, &p->tree.root, out, err);
}

int ift_parquet_next(struct ift_parquet *p, struct ift_str *out, const char **wrong,
                     struct ift_err *err) {
    while (p->left == 0) {
        IFT_TRY(end_group(p, err));
        const int got = begin_group(p, err);
        if (got < 0) return -1;
        if (got > 0) continue;
        if (p->rows == p->footer.rows) return 0;
        return IFT_FAIL(err, "damaged: %" PRIu64 " rows where its footer says %" PRIu64, p->rows,
                        p->footer.rows);
    }
    p->left--;
    p->rows++;
    ift_str_clear(&p->wrong);
    if (write_row(p, out, err) < 0) return ift_fail_in(err, "row %" PRIu64, p->rows);
    *wrong = p->wrong.n ? p->wrong.p : NULL;
    return 1;
}
