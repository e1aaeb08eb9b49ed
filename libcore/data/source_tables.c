#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libcore/data/source_internal.h"
#include "libcore/io/spool.h"

/* ---- tables ---- */

/* The operand itself where it is that, not one of an archive that is named as another file. */
int ift_source_file(struct ift_source *s, struct ift_err *err) {
    const int fd = open(ift_in_name(s->in), O_RDONLY | O_CLOEXEC);
    char start[4096];
    const ssize_t n = fd < 0 ? -1 : pread(fd, start, sizeof start, 0);
    if (n > 0 && (size_t)n <= s->first.n && memcmp(start, s->first.p, (size_t)n) == 0) return fd;
    if (fd >= 0) close(fd);
    return ift_spool(s->in, s->first, err);
}

int ift_source_begin_table(struct ift_source *s, struct ift_err *err) {
    const struct ift_recipe_read *const read = s->read;
    if (read && read->container == IFT_RECIPE_ROWS && read->columns != IFT_RECIPE_HEADER)
        return ift_fail_outside(err,
                                "%s: a Parquet file, where the recipe reads text without names",
                                ift_in_name(s->in));
    if (read && read->group)
        return ift_fail_outside(err, "%s: a Parquet file, where the recipe reads JSON in groups",
                                ift_in_name(s->in));
    const int fd = ift_source_file(s, err);
    IFT_TRY(fd);
    s->first.n = 0;
    s->row = 0;
    ift_parquet_free(s->table);
    s->layout = IFT_LAYOUT_TABLE;
    return ift_parquet_open_take(&s->table, fd, 0, err) < 0 ? ift_source_fail(s, err) : 1;
}

int ift_source_fill_table(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < IFT_SLAB) {
        const size_t from = slab->text.n;
        const char *wrong;
        const int got = ift_parquet_next(s->table, &slab->text, &wrong, err);
        if (got < 0) return ift_source_fail(s, err);
        if (got == 0) {
            s->layout = IFT_LAYOUT_CLOSED;
            return slab->n > 0;
        }
        struct ift_item *const item = ift_source_add(s, slab, from, slab->text.n, 0);
        item->row = ++s->row;
        if (wrong) item->wrong = ift_arena_strndup(&slab->notes, wrong, strlen(wrong));
    }
    return 1;
}

/* ---- YAML ---- */

static int give_nodes(void *ctx, const char **p, size_t *n, struct ift_err *err) {
    static const char mark[] = "\xef\xbb\xbf";
    struct ift_source *const s = ctx;
    const int got = ift_source_block(s, p, n, err);
    if (got > 0 && !s->begun && *n > 3 && memcmp(*p, mark, 3) == 0) {
        *p += 3;
        *n -= 3;
        s->marks++;
    }
    s->begun = true;
    return got;
}

int ift_source_fill_nodes(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < IFT_SLAB) {
        const size_t from = slab->text.n;
        size_t line;
        const char *wrong;
        const int got = ift_yaml_next(s->nodes, &slab->text, &line, &wrong, err);
        if (got < 0) return -1;
        if (got == 0) {
            s->layout = IFT_LAYOUT_CLOSED;
            return slab->n > 0;
        }
        struct ift_item *const item = ift_source_add(s, slab, from, slab->text.n, line);
        if (ift_yaml_in_sequence(s->nodes)) item->element = ++s->element;
        if (wrong) item->wrong = ift_arena_strndup(&slab->notes, wrong, strlen(wrong));
    }
    return 1;
}

void ift_source_begin_nodes(struct ift_source *s) {
    ift_yaml_free(s->nodes);
    s->nodes = ift_yaml_new(give_nodes, s);
    s->layout = IFT_LAYOUT_NODES;
}
