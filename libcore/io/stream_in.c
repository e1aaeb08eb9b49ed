#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/raw.h"
#include "libcore/io/stream.h"
#include "libcore/io/unpack.h"

struct ift_in {
    char **path;
    size_t npaths, next; /* next: of the operand to open */
    char *glob;
    uint64_t bytes;

    struct ift_raw raw;        /* the open operand, */
    struct ift_unpack *unpack; /* and what is in it, or NULL: it is the member itself */

    /* The open member. */
    enum { CLOSED, FRESH, OPEN } state;
    bool in_archive;
    struct ift_str name;
    struct ift_slice block; /* of the last block, what ift_in_line has not lent yet */
    struct ift_str line;    /* a line that crosses blocks */
};

/* ---- operands and members ---- */

int ift_in_open(struct ift_in **out, const char *const *paths, size_t n, const char *member,
                struct ift_err *err) {
    static const char *const standard_input[] = {"-"};
    (void)err; /* files are opened one by one, when their turn comes */
    if (!paths || n == 0) {
        paths = standard_input;
        n = 1;
    }
    struct ift_in *const in = *out = ift_alloc0(1, sizeof *in);
    ift_raw_init(&in->raw);
    in->glob = ift_strdup(member);
    in->path = ift_alloc0(n, sizeof *in->path);
    in->npaths = n;
    for (size_t i = 0; i < n; i++) in->path[i] = ift_strdup(paths[i]);
    return 0;
}

static void close_operand(struct ift_in *in) {
    ift_unpack_free(in->unpack);
    in->unpack = NULL;
    ift_raw_close(&in->raw);
}

void ift_in_free(struct ift_in *in) {
    if (!in) return;
    close_operand(in);
    ift_raw_release(&in->raw);
    for (size_t i = 0; i < in->npaths; i++) free(in->path[i]);
    free(in->path);
    free(in->glob);
    ift_str_release(&in->name);
    ift_str_release(&in->line);
    free(in);
}

static int open_operand(struct ift_in *in, struct ift_err *err) {
    IFT_TRY(ift_raw_open(&in->raw, in->path[in->next++], err));
    const struct ift_slice start = {in->raw.buf, in->raw.have};
    const bool packed = ift_raw_is_compressed(start) || ift_raw_is_archive(start);
    return packed ? ift_unpack_open(&in->unpack, &in->raw, in->glob, err) : 0;
}

/* Begins a member whose name within the operand is `inner`, or the operand itself. */
static int begin_member(struct ift_in *in, const char *inner) {
    ift_str_clear(&in->name);
    ift_str_adds(&in->name, in->raw.name);
    if (inner) ift_str_addf(&in->name, ":%s", inner);
    in->in_archive = inner != NULL;
    in->block.n = 0;
    in->state = FRESH;
    return 1;
}

int ift_in_next(struct ift_in *in, struct ift_err *err) {
    for (;;) {
        in->state = CLOSED;
        ift_str_clear(&in->name);
        if (in->unpack) {
            const char *inner;
            const int got = ift_unpack_next(in->unpack, &inner, err);
            if (got != 0) return got < 0 ? -1 : begin_member(in, inner);
        }
        close_operand(in);
        if (in->next == in->npaths) return 0;
        IFT_TRY(open_operand(in, err));
        if (!in->unpack) return begin_member(in, NULL);
    }
}

const char *ift_in_name(const struct ift_in *in) {
    return in->name.n ? in->name.p : in->next ? in->raw.name : "";
}

uint64_t ift_in_bytes(const struct ift_in *in) {
    return in->bytes;
}

/* ---- the bytes of a member ---- */

/* What cannot be meant as data, though it reads as bytes. */
static int check_first(const struct ift_in *in, struct ift_slice block, struct ift_err *err) {
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1";
    if (block.n >= sizeof pointer - 1 && memcmp(block.p, pointer, sizeof pointer - 1) == 0) {
        return IFT_FAIL(
            err, "%s: a git-LFS pointer instead of the file; run `git lfs pull` where it came from",
            in->name.p);
    }
    if (in->in_archive && ift_raw_is_compressed(block)) {
        return IFT_FAIL(err, "%s: compressed inside an archive; unpack the archive first",
                        in->name.p);
    }
    return 0;
}

/* Puts the next block of the member into in->block: 1, 0, -1. */
static int next_block(struct ift_in *in, struct ift_err *err) {
    if (in->state == CLOSED) return 0;
    const int got = in->unpack ? ift_unpack_block(in->unpack, in->name.p, &in->block, err)
                               : ift_raw_block(&in->raw, &in->block, err);
    if (got <= 0) {
        in->block.n = 0;
        in->state = CLOSED;
        return got;
    }
    if (in->state == FRESH) IFT_TRY(check_first(in, in->block, err));
    in->state = OPEN;
    in->bytes += in->block.n;
    return 1;
}

int ift_in_block(struct ift_in *in, const char **p, size_t *n, struct ift_err *err) {
    if (in->block.n == 0) {
        const int got = next_block(in, err);
        if (got <= 0) return got;
    }
    *p = in->block.p;
    *n = in->block.n;
    in->block.n = 0;
    return 1;
}

int ift_in_line(struct ift_in *in, struct ift_slice *line, bool *terminated, struct ift_err *err) {
    ift_str_clear(&in->line);
    for (;;) {
        struct ift_slice *const b = &in->block;
        const char *const nl = b->n ? memchr(b->p, '\n', b->n) : NULL;
        const size_t n = nl ? (size_t)(nl - b->p) : b->n;
        *line = (struct ift_slice){b->p, n};
        if (in->line.n || !nl) {
            ift_str_add(&in->line, b->p, n);
            *line = ift_str_slice(&in->line);
        }
        if (nl) {
            *b = (struct ift_slice){nl + 1, b->n - n - 1};
            *terminated = true;
            return 1;
        }
        const int got = next_block(in, err);
        if (got < 0) return -1;
        if (got == 0) {
            *terminated = false;
            return in->line.n > 0;
        }
    }
}
