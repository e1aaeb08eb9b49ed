#include "libcore/base/data.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"

/* The Makefile knows PREFIX. */
#ifndef IFT_DATADIR
#define IFT_DATADIR "/usr/local/share/ift"
#endif

enum { NFOLDERS = 4 };

/* Writes folder i of the search to path; false when there is none such. */
static bool folder(size_t i, struct ift_str *path) {
    static const char *const beside[] = {"../share/ift", "../../data"};
    ift_str_clear(path);
    if (i == 0) {
        const char *const own = getenv("IFT_DATA");
        if (own) ift_str_adds(path, own);
    } else if (i + 1 == NFOLDERS) {
        ift_str_adds(path, IFT_DATADIR);
    } else {
        char program[4096];
        const ssize_t n = readlink("/proc/self/exe", program, sizeof program);
        const char *const slash = n > 0 ? memrchr(program, '/', (size_t)n) : NULL;
        if (slash) ift_str_addf(path, "%.*s/%s", (int)(slash - program), program, beside[i - 1]);
    }
    return path->n > 0;
}

static bool ends_with(const char *name, const char *suffix) {
    const size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

int ift_data_none(const char *kind, struct ift_err *err) {
    return ift_fail_usage(err, "%s: none found, set IFT_DATA to the data folder of ift", kind);
}

static int missing(const char *kind, const char *name, const char *suffix, struct ift_err *err) {
    size_t n;
    char **const names = ift_data_list(kind, suffix, &n);
    const char *best = NULL;
    size_t least = strlen(name) / 3 + 1;
    for (size_t i = 0; i < n; i++) {
        const size_t distance = ift_edit_distance(ift_slice(name), ift_slice(names[i]));
        if (distance > least || (best && distance == least)) continue;
        best = names[i];
        least = distance;
    }
    if (best)
        ift_fail_usage(err, "%s: no \"%s\", did you mean \"%s\"?", kind, name, best);
    else if (n)
        ift_fail_usage(err, "%s: no \"%s\", --list shows what there is", kind, name);
    else
        ift_data_none(kind, err);
    ift_data_list_free(names, n);
    return -1;
}

int ift_data_find(const char *kind, const char *name, const char *suffix, char **path,
                  struct ift_err *err) {
    if (strchr(name, '/') || (suffix[0] && ends_with(name, suffix))) {
        *path = ift_strdup(name);
        return 0;
    }
    struct ift_str candidate = {0};
    for (size_t i = 0; i < NFOLDERS; i++) {
        if (!folder(i, &candidate)) continue;
        ift_str_addf(&candidate, "/%s/%s%s", kind, name, suffix);
        if (access(candidate.p, R_OK) != 0) continue;
        *path = ift_str_take(&candidate);
        return 0;
    }
    ift_str_release(&candidate);
    return missing(kind, name, suffix, err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **ift_data_list(const char *kind, const char *suffix, size_t *n) {
    char **names = NULL;
    size_t count = 0, cap = 0;
    struct ift_str path = {0};
    for (size_t i = 0; i < NFOLDERS; i++) {
        if (!folder(i, &path)) continue;
        ift_str_addf(&path, "/%s", kind);
        DIR *const dir = opendir(path.p);
        if (!dir) continue;
        for (const struct dirent *e; (e = readdir(dir));) {
            if (e->d_name[0] == '.' || !ends_with(e->d_name, suffix)) continue;
            names = ift_grow(names, count + 1, &cap, sizeof *names);
            names[count++] = ift_strndup(e->d_name, strlen(e->d_name) - strlen(suffix));
        }
        closedir(dir);
    }
    ift_str_release(&path);
    if (count) qsort(names, count, sizeof *names, by_name);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept && strcmp(names[i], names[kept - 1]) == 0)
            free(names[i]);
        else
            names[kept++] = names[i];
    }
    *n = kept;
    return names;
}

void ift_data_list_free(char **names, size_t n) {
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
}
