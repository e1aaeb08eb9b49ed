#include <stdlib.h>
#include <sys/stat.h>

#include "libcore/io/subtree.h"
#include "libcore/io/stream.h"

int ift_in_slurp(const char *path, struct ift_str *text, size_t max, struct ift_err *err) {
    if (max == 0) max = (size_t)1 << 30;
    struct ift_in *in;
    struct stat st;
    if (ift_subtree_is(path)) return IFT_FAIL(err, "'%s' is a directory; name a file in it", path);
    IFT_TRY(ift_in_open(&in, &path, 1, NULL, err));
    const size_t before = text->n;
    ift_str_reserve(text, stat(path, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= max
                              ? (size_t)st.st_size
                              : 0);
    int got = ift_in_next(in, err);
    while (got > 0) {
        const char *p;
        size_t n;
        got = ift_in_block(in, &p, &n, err);
        if (got > 0 && n > max - (text->n - before)) {
            got = IFT_FAIL(err, "%s: more than %zu bytes", ift_in_name(in), max);
        } else if (got > 0) {
            ift_str_add(text, p, n);
        } else if (got == 0) {
            got = ift_in_next(in, err);
            if (got > 0) got = IFT_FAIL(err, "%s: several files where one is expected", path);
        }
    }
    ift_in_free(in);
    return got;
}

int ift_in_slurp_from(const char *folder, const char *file, struct ift_str *text,
                      struct ift_err *err) {
    struct ift_str path = {0};
    struct stat st;
    ift_str_addf(&path, "%s/%s", folder, file);
    const int rc = stat(path.p, &st) != 0 ? 0 : ift_in_slurp(path.p, text, 0, err) < 0 ? -1 : 1;
    ift_str_release(&path);
    return rc;
}
