#include "libcore/train/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/train/state.h"

static const char prefix[] = "checkpoint-";
static const char state_name[] = "state.safetensors";
static const char meta_name[] = "checkpoint.json";

static char *join(const char *dir, const char *name) {
    struct ift_str s = {0};
    ift_str_addf(&s, "%s/%s", dir, name);
    return ift_str_take(&s);
}

static char *path_of(const char *dir, long long step) {
    struct ift_str s = {0};
    ift_str_addf(&s, "%s/%s%lld", dir, prefix, step);
    return ift_str_take(&s);
}

/* ---- folders ---- */

static int sync_folder(const char *path, struct ift_err *err) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ift_fail_errno(err, "cannot open the folder '%s'", path);
    /* Some network file systems cannot sync a folder, and say so with EINVAL. */
    const int rc =
        fsync(fd) < 0 && errno != EINVAL ? ift_fail_errno(err, "cannot sync '%s'", path) : 0;
    close(fd);
    return rc;
}

/* Calls visit for every entry until one fails; a folder that is not there has none. */
static int each_entry(const char *dir,
                      int (*visit)(void *ctx, const char *name, struct ift_err *err), void *ctx,
                      struct ift_err *err) {
    DIR *d = opendir(dir);
    if (!d) return errno == ENOENT ? 0 : ift_fail_errno(err, "cannot open the folder '%s'", dir);
    int rc = 0;
    for (struct dirent *e; rc == 0 && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            rc = visit(ctx, e->d_name, err);
    closedir(d);
    return rc;
}

static int remove_folder(const char *path, struct ift_err *err);

static int remove_entry(void *ctx, const char *name, struct ift_err *err) {
    const char *const *dir = ctx;
    char *path = join(*dir, name);
    int rc = 0;
    if (unlink(path) < 0)
        rc = errno == EISDIR ? remove_folder(path, err)
                             : ift_fail_errno(err, "cannot remove '%s'", path);
    free(path);
    return rc;
}

/* With all that is in it; one that is not there is fine. */
static int remove_folder(const char *path, struct ift_err *err) {
    IFT_TRY(each_entry(path, remove_entry, &path, err));
    if (rmdir(path) == 0 || errno == ENOENT) return 0;
    return ift_fail_errno(err, "cannot remove the folder '%s'", path);
}

/* ---- listing ---- */

struct list {
    long long *step;
    size_t n, cap;
};

static int note_step(void *ctx, const char *name, struct ift_err *err) {
    (void)err;
    struct list *l = ctx;
    long long step;
    const size_t skip = sizeof prefix - 1;
    if (strncmp(name, prefix, skip) != 0) return 0;
    if (!ift_parse_i64(ift_slice(name + skip), &step) || step < 0) return 0;
    l->step = ift_grow(l->step, l->n + 1, &l->cap, sizeof *l->step);
    l->step[l->n++] = step;
    return 0;
}

static int newest_first(const void *a, const void *b) {
    const long long x = *(const long long *)a, y = *(const long long *)b;
    return (x < y) - (x > y);
}

int ift_checkpoint_list(const char *dir, long long **steps, size_t *n, struct ift_err *err) {
    struct list l = {0};
    const int rc = each_entry(dir, note_step, &l, err);
    if (l.n) qsort(l.step, l.n, sizeof *l.step, newest_first);
    *steps = l.step;
    *n = l.n;
    return rc;
}

/* What a killed run left half-written: here, or where an adapter or a model was being saved
 * (io/outdir.h). */
static int remove_leftover(void *ctx, const char *name, struct ift_err *err) {
    const char *const *dir = ctx;
    if (name[0] != '.' || !(strstr(name, prefix) || strncmp(name, ".ift-", 5) == 0)) return 0;
    char *path = join(*dir, name);
    const int rc = remove_folder(path, err);
    free(path);
    return rc;
}

int ift_checkpoint_prune(const char *dir, size_t keep, struct ift_err *err) {
    int rc = each_entry(dir, remove_leftover, &dir, err);
    long long *step = NULL;
    size_t n = 0;
    if (rc == 0 && keep) rc = ift_checkpoint_list(dir, &step, &n, err);
    for (size_t i = keep; rc == 0 && i < n; i++) {
        char *path = path_of(dir, step[i]);
        rc = remove_folder(path, err);
        free(path);
    }
    free(step);
    return rc;
}

/* ---- writing ---- */

static int write_meta(const char *path, const struct ift_checkpoint *c, uint64_t digest,
                      struct ift_err *err) {
    char hex[IFT_DIGEST];
    ift_digest_text(digest, hex);
    struct ift_str s = {0};
    ift_str_addf(&s, "{\"format\":\"ift-checkpoint\",\"version\":1,\"step\":%lld,\"state\":\"%s\",",
                 c->step, hex);
    ift_str_addf(&s, "\"settings\":%s,\"provenance\":%s}\n", c->settings, c->provenance);
    const int rc = ift_out_text(path, ift_str_slice(&s), err);
    ift_str_release(&s);
    return rc;
}

/* Reads the file back, from the disk where the system lets go of its pages. */
static int verify(const char *path, uint64_t digest, struct ift_err *err) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
    uint64_t got = 0;
    IFT_TRY(ift_state_digest(path, &got, err));
    if (got == digest) return 0;
    return IFT_FAIL(err, "%s: what was read back is not what was written: check the disk", path);
}

/* An adapter's files make the folder one that any tool takes; a base that is trained is in the
 * state already. */
static int make_folder(const char *path, struct ift_peft *p, struct ift_device *d,
                       struct ift_err *err) {
    if (!ift_peft_trains_base(p)) return ift_peft_save(p, d, path, err);
    return mkdir(path, 0777) < 0 ? ift_fail_errno(err, "cannot make the folder '%s'", path) : 0;
}

static int fill(const char *path, const struct ift_checkpoint *c, const struct ift_optim *o,
                struct ift_peft *p, struct ift_device *d, struct ift_err *err) {
    IFT_TRY(make_folder(path, p, d, err));
    char *state = join(path, state_name), *meta = join(path, meta_name);
    uint64_t digest = 0;
    int rc = ift_state_write(state, o, d, &digest, err);
    if (rc == 0) rc = verify(state, digest, err);
    if (rc == 0) rc = write_meta(meta, c, digest, err);
    if (rc == 0) rc = sync_folder(path, err);
    free(state);
    free(meta);
    return rc;
}

static int swap_in(const char *temporary, const char *path, const char *dir, struct ift_err *err) {
    IFT_TRY(remove_folder(path, err)); /* a damaged one of the same step */
    if (rename(temporary, path) < 0) return ift_fail_errno(err, "cannot rename '%s'", temporary);
    return sync_folder(dir, err);
}

int ift_checkpoint_write(const char *dir, const struct ift_checkpoint *c, const struct ift_optim *o,
                         struct ift_peft *p, struct ift_device *d, struct ift_err *err) {
    struct ift_str s = {0};
    ift_str_addf(&s, "%s/.%s%lld.tmp", dir, prefix, c->step);
    char *temporary = ift_str_take(&s), *path = path_of(dir, c->step);
    int rc = remove_folder(temporary, err);
    if (rc == 0) rc = fill(temporary, c, o, p, d, err);
    if (rc == 0) rc = swap_in(temporary, path, dir, err);
    if (rc < 0) {
        struct ift_err ignored;
        (void)!remove_folder(temporary, &ignored);
    }
    free(temporary);
    free(path);
    return rc;
}

/* ---- reading ---- */

/* The first member of `now` whose value is not the same text in the checkpoint's settings. */
static int compare_settings(const struct ift_json *meta, int then, const char *now,
                            const char *path, struct ift_err *err) {
    struct ift_json doc = {0};
    IFT_TRY(ift_json_parse(&doc, now, strlen(now), err));
    struct ift_str key = {0};
    int rc = 0;
    for (int k = ift_json_first(&doc, 0); rc == 0 && k >= 0;) {
        const int v = ift_json_next(&doc, 0, k);
        ift_str_clear(&key);
        ift_json_text(&doc, k, &key);
        const int old = ift_json_get(meta, then, key.p);
        const struct ift_slice is = ift_json_raw(&doc, v);
        const struct ift_slice was = old < 0 ? ift_slice("not set") : ift_json_raw(meta, old);
        if (!ift_slice_eq(is, was))
            rc = IFT_FAIL(err,
                          "%s was made with %s %.*s, this run has %.*s: resume with the same "
                          "settings, or choose another folder",
                          path, key.p, (int)was.n, was.p, (int)is.n, is.p);
        k = ift_json_next(&doc, 0, v);
    }
    ift_str_release(&key);
    ift_json_release(&doc);
    return rc;
}

/* Is the folder a whole checkpoint? Then *meta is its parsed description. */
static int check_folder(const char *path, struct ift_str *text, struct ift_json *meta,
                        struct ift_err *err) {
    char *file = join(path, meta_name);
    int rc = ift_in_slurp(file, text, 0, err);
    if (rc == 0 && (rc = ift_json_parse(meta, text->p, text->n, err)) < 0)
        ift_fail_in(err, "%s", file);
    free(file);
    IFT_TRY(rc);
    if (!ift_json_text_is(meta, ift_json_get(meta, 0, "format"), "ift-checkpoint"))
        return IFT_FAIL(err, "%s/%s is no checkpoint's", path, meta_name);
    file = join(path, state_name);
    uint64_t digest = 0;
    char hex[IFT_DIGEST];
    rc = ift_state_digest(file, &digest, err);
    ift_digest_text(digest, hex);
    if (rc == 0 && !ift_json_text_is(meta, ift_json_get(meta, 0, "state"), hex))
        rc = IFT_FAIL(err, "%s is damaged", file);
    free(file);
    return rc;
}

static int load(const char *path, const struct ift_json *meta, const char *settings,
                struct ift_optim *o, struct ift_device *d, long long *step, struct ift_err *err) {
    IFT_TRY(compare_settings(meta, ift_json_get(meta, 0, "settings"), settings, path, err));
    int64_t at = 0;
    IFT_TRY(ift_json_get_i64(meta, 0, "step", 0, &at, err));
    char *state = join(path, state_name);
    const int rc = ift_state_read(state, o, d, err);
    free(state);
    IFT_TRY(rc);
    ift_optim_set_steps(o, at);
    *step = at;
    return 1;
}

int ift_checkpoint_resume(const char *dir, const char *settings, struct ift_optim *o,
                          struct ift_device *d, long long *step, struct ift_str *notes,
                          struct ift_err *err) {
    long long *steps = NULL;
    size_t n = 0;
    int rc = ift_checkpoint_list(dir, &steps, &n, err);
    struct ift_str text = {0};
    struct ift_json meta = {0};
    for (size_t i = 0; rc == 0 && i < n; i++) {
        char *path = path_of(dir, steps[i]);
        struct ift_err bad = {0};
        ift_str_clear(&text);
        if (check_folder(path, &text, &meta, &bad) == 0)
            rc = load(path, &meta, settings, o, d, step, err);
        else
            ift_str_addf(notes, "passed over: %s\n", bad.text);
        free(path);
    }
    ift_json_release(&meta);
    ift_str_release(&text);
    free(steps);
    return rc;
}
