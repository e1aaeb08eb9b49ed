#include "libcore/io/subtree.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/mem.h"

bool ift_subtree_is(const char *path) {
    struct stat st;
    return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_file(const FTSENT *e) {
    struct stat st;
    return e->fts_info == FTS_F ||
           (e->fts_info == FTS_SL && stat(e->fts_accpath, &st) == 0 && S_ISREG(st.st_mode));
}

/* Adds what is below; `inner` is how much of each path is the folder's own. */
static int walk(FTS *tree, size_t inner, const char *glob, char ***files, size_t *n,
                struct ift_err *err) {
    size_t cap = 0;
    for (FTSENT *e; errno = 0, (e = fts_read(tree)) != NULL;) {
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS) {
            errno = e->fts_errno;
            return ift_fail_errno(err, "%s", e->fts_path);
        }
        if (e->fts_level > 0 && e->fts_name[0] == '.') {
            fts_set(tree, e, FTS_SKIP);
        } else if (is_file(e) && (!glob || fnmatch(glob, e->fts_path + inner, 0) == 0)) {
            *files = ift_grow(*files, *n + 1, &cap, sizeof **files);
            (*files)[(*n)++] = ift_strdup(e->fts_path);
        }
    }
    return errno ? ift_fail_errno(err, "%s", tree->fts_path) : 0;
}

int ift_subtree_list(const char *folder, const char *glob, char ***files, size_t *n,
                     struct ift_err *err) {
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    char *const path = ift_strndup(folder, length);
    FTS *const tree =
        fts_open((char *const[]){path, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    *files = NULL;
    *n = 0;
    int rc = tree ? walk(tree, length + (path[length - 1] != '/'), glob, files, n, err)
                  : ift_fail_errno(err, "%s", folder);
    if (tree) fts_close(tree);
    free(path);
    if (rc == 0 && *n == 0)
        rc = glob ? ift_fail_outside(err, "%s: no file in it matches '%s'", folder, glob)
                  : ift_fail_outside(err, "%s: no file in it", folder);
    if (rc == 0) {
        qsort(*files, *n, sizeof **files, by_name);
        return 0;
    }
    for (size_t i = 0; i < *n; i++) free((*files)[i]);
    free(*files);
    return rc;
}
