#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcore/base/mem.h"
#include "libcore/io/gzip.h"
#include "libcore/io/raw.h"
#include "libcore/io/recode.h"
#include "libcore/io/stream.h"
#include "libcore/io/subtree.h"
#include "libcore/io/unpack.h"

struct operand {
    char *path;
    bool of_folder; /* it was found in a folder */
};

struct ift_in {
    struct operand *operand;
    size_t noperands, next; /* next: of the operand to open */
    char *glob;

    struct ift_raw raw;        /* the open operand, which is the member itself, */
    struct ift_gzip *gzip;     /* or its text compressed, */
    struct ift_unpack *unpack; /* or what has members, or is compressed in another way */

    struct ift_recode *recode; /* NULL: the bytes are taken as they are */

    /* The open member. */
    enum { CLOSED, FRESH, OPEN } state;
    bool in_archive;
    bool ended;               /* no more bytes for recode */
    struct ift_slice refused; /* its first block, if that is not data */
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
    in->operand = ift_alloc0(n, sizeof *in->operand);
    in->noperands = n;
    for (size_t i = 0; i < n; i++) in->operand[i].path = ift_strdup(paths[i]);
    return 0;
}

int ift_in_recode(struct ift_in *in, const char *encoding, struct ift_err *err) {
    static const char *const own[] = {"UTF-8", "UTF8"};
    if (!encoding || strcasecmp(encoding, own[0]) == 0 || strcasecmp(encoding, own[1]) == 0)
        return 0;
    return ift_recode_open(&in->recode, encoding, err);
}

static void close_operand(struct ift_in *in) {
    ift_gzip_free(in->gzip);
    ift_unpack_free(in->unpack);
    in->gzip = NULL;
    in->unpack = NULL;
    ift_raw_close(&in->raw);
}

void ift_in_free(struct ift_in *in) {
    if (!in) return;
    close_operand(in);
    ift_raw_release(&in->raw);
    ift_recode_free(in->recode);
    for (size_t i = 0; i < in->noperands; i++) free(in->operand[i].path);
    free(in->operand);
    free(in->glob);
    ift_str_release(&in->name);
    ift_str_release(&in->line);
    free(in);
}

/* Puts the files of the folder that is the next operand in its place. */
static int open_folder(struct ift_in *in, struct ift_err *err) {
    char **file;
    size_t n;
    IFT_TRY(ift_subtree_list(in->operand[in->next].path, in->glob, &file, &n, err));
    free(in->operand[in->next].path);
    in->operand = ift_realloc(in->operand, in->noperands + n - 1, sizeof *in->operand);
    struct operand *const at = in->operand + in->next;
    memmove(at + n, at + 1, (in->noperands - in->next - 1) * sizeof *at);
    for (size_t i = 0; i < n; i++) at[i] = (struct operand){file[i], true};
    in->noperands += n - 1;
    free(file);
    return 0;
}

static bool is_packed(struct ift_slice start) {
    return ift_raw_is_compressed(start) || ift_raw_is_archive(start);
}

static int open_operand(struct ift_in *in, struct ift_err *err) {
    if (ift_subtree_is(in->operand[in->next].path)) IFT_TRY(open_folder(in, err));
    const struct operand o = in->operand[in->next++];
    IFT_TRY(ift_raw_open(&in->raw, o.path, err));
    const struct ift_slice start = {in->raw.buf, in->raw.have};
    if (!is_packed(start)) return 0;
    if (ift_raw_is_gzip(start)) {
        char text[IFT_RAW_HEADER];
        const struct ift_slice inside = {text, ift_gzip_peek(&in->raw, text)};
        if (!is_packed(inside)) return ift_gzip_open(&in->gzip, &in->raw, NULL, err);
    }
    return ift_unpack_open(&in->unpack, &in->raw, o.of_folder ? NULL : in->glob, err);
}

/* Begins a member whose name within the operand is `inner`, or the operand itself. */
static int begin_member(struct ift_in *in, const char *inner) {
    ift_str_clear(&in->name);
    ift_str_adds(&in->name, in->raw.name);
    if (inner) ift_str_addf(&in->name, ":%s", inner);
    in->in_archive = inner != NULL;
    if (in->recode) ift_recode_begin(in->recode, in->name.p);
    in->refused.n = 0;
    in->block.n = 0;
    in->ended = false;
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
        if (in->next == in->noperands) return 0;
        IFT_TRY(open_operand(in, err));
        if (!in->unpack) return begin_member(in, NULL);
    }
}

const char *ift_in_name(const struct ift_in *in) {
    return in->name.n ? in->name.p : in->next ? in->raw.name : "";
}

const char *ift_in_glob(const struct ift_in *in) {
    return in->unpack || in->next == 0 || in->operand[in->next - 1].of_folder ? NULL : in->glob;
}

/* ---- the bytes of a member ---- */

/* A small text that stands for a large file in a repository, and says how large. */
static int check_pointer(const struct ift_in *in, struct ift_slice block, struct ift_err *err) {
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\n",
                      size[] = "\nsize ";
    if (block.n < sizeof pointer - 1 || memcmp(block.p, pointer, sizeof pointer - 1) != 0) return 0;
    const char *const at = memmem(block.p, block.n, size, sizeof size - 1);
    const size_t from = at ? (size_t)(at - block.p) + sizeof size - 1 : block.n;
    size_t to = from;
    while (to < block.n && block.p[to] >= '0' && block.p[to] <= '9') to++;
    return IFT_FAIL(err, "%s: is a Git LFS pointer%s%.*s%s: fetch the file with `git lfs pull`",
                    in->name.p, to > from ? " to " : "", (int)(to - from), block.p + from,
                    to > from ? " bytes" : "");
}

/* What cannot be meant as data, though it reads as bytes. */
static int check_first(const struct ift_in *in, struct ift_slice block, struct ift_err *err) {
    IFT_TRY(check_pointer(in, block, err));
    if (!in->recode && ift_raw_is_utf16(block)) {
        return IFT_FAIL(err,
                        "%s: begins with the mark of UTF-16 or UTF-32, where UTF-8 is read; "
                        "ift-format --encoding UTF-16 (or UTF-32) makes UTF-8 of it",
                        in->name.p);
    }
    if (in->in_archive && ift_raw_is_compressed(block)) {
        return IFT_FAIL(err, "%s: compressed inside an archive; unpack the archive first",
                        in->name.p);
    }
    return 0;
}

bool ift_in_refused(const struct ift_in *in, struct ift_slice *start) {
    *start = in->refused;
    return in->refused.n > 0;
}

/* As it lies in the operand, or unpacked. */
static int stored_block(struct ift_in *in, struct ift_slice *block, struct ift_err *err) {
    const int got = in->gzip     ? ift_gzip_block(in->gzip, block, err)
                    : in->unpack ? ift_unpack_block(in->unpack, in->name.p, block, err)
                                 : ift_raw_block(&in->raw, block, err);
    if (got > 0 && in->state == FRESH && check_first(in, *block, err) < 0) {
        in->refused = *block;
        return -1;
    }
    if (got > 0) in->state = OPEN;
    return got;
}

static int recoded_block(struct ift_in *in, struct ift_slice *block, struct ift_err *err) {
    for (;;) {
        int got = ift_recode_next(in->recode, block, err);
        if (got != 0 || in->ended) return got;
        struct ift_slice stored;
        got = stored_block(in, &stored, err);
        if (got < 0) return -1;
        in->ended = got == 0;
        if (got > 0)
            ift_recode_push(in->recode, stored);
        else
            ift_recode_finish(in->recode);
    }
}

/* Puts the next block of the member into in->block: 1, 0, -1. */
static int next_block(struct ift_in *in, struct ift_err *err) {
    if (in->state == CLOSED) return 0;
    const int got =
        in->recode ? recoded_block(in, &in->block, err) : stored_block(in, &in->block, err);
    if (got <= 0) {
        in->block.n = 0;
        in->state = CLOSED;
        return got;
    }
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
