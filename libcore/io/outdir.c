#include "libcore/io/outdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"

struct ift_outdir {
    char *dir; /* what the user asked for, without slashes at its end */
    bool exists;
    char *temp;  /* a neighbour of dir, or inside it when it exists: the same file system */
    char **name; /* files, in the order asked for */
    size_t n, cap;
    struct ift_str path; /* lent */
};

static void outdir_free(struct ift_outdir *f) {
    for (size_t i = 0; i < f->n; i++) free(f->name[i]);
    free(f->name);
    free(f->dir);
    free(f->temp);
    ift_str_release(&f->path);
    free(f);
}

/* 1: no folder, or one without files; 0: files; -1: not a folder, or not readable. */
static int is_empty(const char *dir, bool *exists, struct ift_err *err) {
    DIR *const d = opendir(dir);
    *exists = d != NULL;
    if (!d) return errno == ENOENT ? 1 : ift_fail_errno(err, "%s", dir);
    int empty = 1;
    for (const struct dirent *e; empty && (e = readdir(d));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return empty;
}

/* mkdir, not mkdtemp: the folder gets the permissions that the user's umask says. */
static int make_temp(struct ift_outdir *f, struct ift_err *err) {
    struct ift_str path = {0};
    for (unsigned i = 0; !f->temp; i++) {
        ift_str_clear(&path);
        ift_str_addf(&path, f->exists ? "%s/.ift-%ld-%u" : "%s.ift-%ld-%u", f->dir, (long)getpid(),
                     i);
        if (mkdir(path.p, 0777) == 0) {
            f->temp = ift_str_take(&path);
        } else if (errno != EEXIST) {
            ift_fail_errno(err, "%s: cannot create", f->dir);
            ift_str_release(&path);
            return -1;
        }
    }
    return 0;
}

int ift_outdir_open(struct ift_outdir **out, const char *dir, enum ift_outdir_mode mode,
                    struct ift_err *err) {
    bool exists;
    const int empty = is_empty(dir, &exists, err);
    IFT_TRY(empty);
    if (!empty && mode == IFT_OUTDIR_NEW)
        return IFT_FAIL(err, "%s: is there and not empty: remove it or name another folder", dir);
    struct ift_outdir *const f = ift_alloc0(1, sizeof *f);
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/') n--;
    f->dir = ift_strndup(dir, n);
    f->exists = exists;
    if (make_temp(f, err) < 0) {
        outdir_free(f);
        return -1;
    }
    *out = f;
    return 0;
}

static const char *path_in(struct ift_outdir *f, const char *dir, const char *name) {
    ift_str_clear(&f->path);
    ift_str_addf(&f->path, "%s/%s", dir, name);
    return f->path.p;
}

const char *ift_outdir_path(struct ift_outdir *f, const char *name) {
    bool known = false;
    for (size_t i = 0; i < f->n; i++) known |= strcmp(f->name[i], name) == 0;
    if (!known) {
        f->name = ift_grow(f->name, f->n + 1, &f->cap, sizeof *f->name);
        f->name[f->n++] = ift_strdup(name);
    }
    return path_in(f, f->temp, name);
}

void ift_outdir_abandon(struct ift_outdir *f) {
    if (!f) return;
    for (size_t i = 0; i < f->n; i++) unlink(path_in(f, f->temp, f->name[i]));
    rmdir(f->temp);
    outdir_free(f);
}

/* The files themselves were synced when they were closed; this makes their names last. */
static int sync_dir(const char *dir, struct ift_err *err) {
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ift_fail_errno(err, "%s", dir);
    const int rc = fsync(fd);
    /* Some network file systems cannot sync a folder, and say so with EINVAL. */
    if (rc != 0 && errno != EINVAL) ift_fail_errno(err, "%s: cannot sync", dir);
    const bool failed = rc != 0 && errno != EINVAL;
    close(fd);
    return failed ? -1 : 0;
}

static int move_files(struct ift_outdir *f, struct ift_err *err) {
    struct ift_str to = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < f->n; i++) {
        ift_str_clear(&to);
        ift_str_addf(&to, "%s/%s", f->dir, f->name[i]);
        if (rename(path_in(f, f->temp, f->name[i]), to.p) != 0)
            rc = ift_fail_errno(err, "%s: cannot replace", to.p);
    }
    ift_str_release(&to);
    return rc;
}

static int sync_parent(const struct ift_outdir *f, struct ift_err *err) {
    const char *const slash = strrchr(f->dir, '/');
    if (!slash) return sync_dir(".", err);
    char *const parent = ift_strndup(f->dir, slash == f->dir ? 1 : (size_t)(slash - f->dir));
    const int rc = sync_dir(parent, err);
    free(parent);
    return rc;
}

int ift_outdir_commit(struct ift_outdir *f, struct ift_err *err) {
    int rc = sync_dir(f->temp, err);
    if (rc == 0 && f->exists) {
        rc = move_files(f, err);
        if (rc == 0) rc = sync_dir(f->dir, err);
        ift_outdir_abandon(f); /* the moved files are gone from there, the folder is empty */
        return rc;
    }
    if (rc == 0 && rename(f->temp, f->dir) != 0)
        rc = ift_fail_errno(err, "%s: cannot create", f->dir);
    if (rc < 0) {
        ift_outdir_abandon(f);
        return rc;
    }
    rc = sync_parent(f, err);
    outdir_free(f);
    return rc;
}
