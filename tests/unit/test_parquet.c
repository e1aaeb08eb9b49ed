/* Files of other writers give the rows that pyarrow finds in them (tests/oracle/parquet.py); cut or
 * altered anywhere they give some of these, or end in a message; what cannot be read is named. */
#include "libcore/io/parquet.h"

#include <dirent.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/io/parquet_tree.h"
#include "libcore/io/stream.h"
#include "tests/unit/check.h"

/* A file of these bytes. */
static int file_of(const char *p, size_t n) {
    const int fd = memfd_create("input", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
    return fd;
}

/* Reads rows as lines: 0, or -1 with a message; *wrongs counts rows with something wrong, whose
 * last message is appended to `said`. */
static int read_rows(const char *p, size_t n, struct ift_str *rows, size_t *wrongs,
                     struct ift_str *said, struct ift_err *err) {
    struct ift_parquet *file;
    const char *wrong;
    *wrongs = 0;
    ift_str_clear(rows);
    *err = (struct ift_err){0};
    if (ift_parquet_open_take(&file, file_of(p, n), 1 << 20, err) < 0) return -1;
    int got;
    while ((got = ift_parquet_next(file, rows, &wrong, err)) > 0 && rows->n < 1 << 16) {
        ift_str_addc(rows, '\n');
        if (!wrong) continue;
        *wrongs += 1;
        ift_str_clear(said);
        ift_str_adds(said, wrong);
    }
    ift_parquet_free(file);
    return got < 0 ? -1 : 0;
}

static void same_rows(const char *path, const struct ift_str *file) {
    struct ift_str want = {0}, rows = {0}, said = {0}, other = {0};
    struct ift_err err;
    size_t wrongs;
    ift_str_add(&other, path, strlen(path) - strlen("parquet"));
    ift_str_adds(&other, "jsonl");
    CHECK_OK(ift_in_slurp(other.p, &want, 0, &err), &err);
    CHECK_OK(read_rows(file->p, file->n, &rows, &wrongs, &said, &err), &err);
    CHECK_INT(wrongs, 0);
    CHECK_STR(rows.p, want.p);
    ift_str_release(&want);
    ift_str_release(&rows);
    ift_str_release(&said);
    ift_str_release(&other);
}

/* Bytes altered, and the end cut off: everywhere in a small file. */
static void damage(const struct ift_str *file) {
    struct ift_str rows = {0}, said = {0};
    struct ift_err err;
    size_t wrongs;
    for (size_t i = 0; i < file->n; i += file->n < 1024 ? 1 : 7) {
        const char was = file->p[i];
        file->p[i] = (char)(was ^ (i % 3 == 0 ? 0xff : 1 << i % 8));
        if (read_rows(file->p, file->n, &rows, &wrongs, &said, &err) < 0) CHECK(err.text[0]);
        file->p[i] = was;
        CHECK(read_rows(file->p, i, &rows, &wrongs, &said, &err) < 0 && err.text[0]);
    }
    ift_str_release(&rows);
    ift_str_release(&said);
}

/* The file with its first `old` replaced: what is said of it, and of the last wrong row. */
static void altered(const struct ift_str *file, const char *old, size_t n, const char *new,
                    const char *error, const char *wrong) {
    struct ift_str rows = {0}, said = {0};
    struct ift_err err;
    size_t wrongs;
    char *const at = memmem(file->p, file->n, old, n);
    CHECK(at != NULL);
    if (!at) return;
    memcpy(at, new, n);
    read_rows(file->p, file->n, &rows, &wrongs, &said, &err);
    memcpy(at, old, n);
    CHECK_STR(err.text, error);
    CHECK_STR(wrongs ? said.p : "", wrong);
    ift_str_release(&rows);
    ift_str_release(&said);
}

static void refusals(const char *folder) {
    struct ift_str path = {0}, file = {0};
    struct ift_err err;
    ift_str_addf(&path, "%s/values.parquet", folder);
    CHECK_OK(ift_in_slurp(path.p, &file, 0, &err), &err);
    file.p[file.n - 1] = 'E';
    altered(&file, "x", 1, "x", "encrypted; it can be read only after decryption", "");
    file.p[file.n - 1] = '1';
    altered(&file, "RED", 3, "\xff\xfe\xfd", "", "column \"enum\": not UTF-8");
    /* INT32 in its element, then its converted type: INTERVAL. */
    altered(&file, "date\x25\x0c", 6, "date\x25\x2a", "column \"date\" cannot be read: INTERVAL",
            "");
    altered(&file, "json", 4, "utf8", "two columns are named \"utf8\"", "");
    ift_str_clear(&path);
    ift_str_clear(&file);
    ift_str_addf(&path, "%s/zstd-pages.parquet", folder);
    CHECK_OK(ift_in_slurp(path.p, &file, 0, &err), &err);
    file.p[100] ^= 1;
    altered(&file, "x", 1, "x",
            "column \"id\": page at byte 56: damaged: its checksum does not agree", "");
    ift_str_release(&path);
    ift_str_release(&file);
}

/* A message shows of a long name how it begins. */
static void long_names(void) {
    static char name[512];
    memset(name, 'n', sizeof name);
    const struct ift_slice slice = {name, sizeof name};
    const struct ift_parquet_element element[] = {{.name = {"root", 4},
                                                   .physical = IFT_PARQUET_GROUP,
                                                   .children = 2},
                                                  {.name = slice, .physical = IFT_PARQUET_INT32},
                                                  {.name = slice, .physical = IFT_PARQUET_INT32}};
    struct ift_parquet_tree tree;
    struct ift_err err = {0};
    CHECK_INT(ift_parquet_tree_build(&tree, element, 3, &err), -1);
    CHECK(strstr(err.text, "are named \"nnnnnnnnnn") != NULL);
}

int main(void) {
    long_names();
    const char *const src = getenv("SRC");
    if (!src) check_skip("no SRC");
    struct ift_str folder = {0}, path = {0}, file = {0};
    struct ift_err err = {0};
    ift_str_addf(&folder, "%s/tests/golden/parquet", src);
    DIR *const dir = opendir(folder.p);
    CHECK(dir != NULL);
    size_t files = 0;
    for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        const size_t n = strlen(e->d_name);
        if (n < 8 || strcmp(e->d_name + n - 8, ".parquet") != 0) continue;
        ift_str_clear(&path);
        ift_str_clear(&file);
        ift_str_addf(&path, "%s/%s", folder.p, e->d_name);
        CHECK_OK(ift_in_slurp(path.p, &file, 0, &err), &err);
        same_rows(path.p, &file);
        damage(&file);
        files++;
    }
    CHECK_INT(files, 18);
    if (dir) closedir(dir);
    refusals(folder.p);
    ift_str_release(&folder);
    ift_str_release(&path);
    ift_str_release(&file);
    return check_done();
}
