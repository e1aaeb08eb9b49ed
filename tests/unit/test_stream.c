#include "libcore/io/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char dir[] = "/tmp/ift-stream-XXXXXX";

static const char *at(const char *name) {
    static char path[4][200];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof *path, "%s/%s", dir, name);
    return path[turn];
}

static void put(const char *name, const void *p, size_t n) {
    FILE *f = fopen(at(name), "wb");
    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void get(const char *name, struct ift_str *out) {
    char buf[4096];
    FILE *f = fopen(at(name), "rb");
    CHECK(f);
    for (size_t n; f && (n = fread(buf, 1, sizeof buf, f)) > 0;) ift_str_add(out, buf, n);
    if (f) fclose(f);
}

/* An archive, or, with format raw, a compressed file, made by libarchive's writer. */
static void pack(const char *file, const char *filter, const char *format, const char *const name[],
                 const struct ift_slice data[], int n) {
    struct archive *a = archive_write_new();
    if (strcmp(filter, "none") != 0)
        CHECK(archive_write_add_filter_by_name(a, filter) == ARCHIVE_OK);
    CHECK(archive_write_set_format_by_name(a, format) == ARCHIVE_OK);
    CHECK(archive_write_open_filename(a, at(file)) == ARCHIVE_OK);
    for (int i = 0; i < n; i++) {
        struct archive_entry *e = archive_entry_new();
        const size_t len = strlen(name[i]);
        const int is_dir = name[i][len - 1] == '/';
        archive_entry_set_pathname(e, name[i]);
        archive_entry_set_size(e, is_dir ? 0 : (la_int64_t)data[i].n);
        archive_entry_set_filetype(e, is_dir ? AE_IFDIR : AE_IFREG);
        archive_entry_set_perm(e, 0644);
        CHECK(archive_write_header(a, e) == ARCHIVE_OK);
        if (!is_dir) CHECK(archive_write_data(a, data[i].p, data[i].n) == (la_ssize_t)data[i].n);
        archive_entry_free(e);
    }
    CHECK(archive_write_close(a) == ARCHIVE_OK);
    archive_write_free(a);
}

/* Everything read from operands: "<name>text<name>text"; -1 and the message when it fails. */
static int read_all(const char *const *paths, size_t n, const char *glob, struct ift_str *out,
                    struct ift_err *err) {
    struct ift_in *in;
    ift_str_clear(out);
    if (ift_in_open(&in, paths, n, glob, err) < 0) return -1;
    int got;
    while ((got = ift_in_next(in, err)) > 0) {
        const char *name = strrchr(ift_in_name(in), '/');
        ift_str_addf(out, "<%s>", name ? name + 1 : ift_in_name(in));
        const char *p;
        size_t len;
        while ((got = ift_in_block(in, &p, &len, err)) > 0) ift_str_add(out, p, len);
        if (got < 0) break;
    }
    ift_in_free(in);
    return got;
}

static int read_one(const char *name, struct ift_str *out, struct ift_err *err) {
    const char *const path = at(name);
    return read_all(&path, 1, NULL, out, err);
}

static struct ift_str text; /* ~300 KB of lines that do not compress to nothing */
static const char *const filter[] = {"gzip", "zstd", "xz", "bzip2", "lz4"};
enum { NFILTERS = sizeof filter / sizeof *filter };

static void make_text(void) {
    unsigned x = 1;
    for (int i = 0; i < 9000; i++) {
        x = x * 1664525 + 1013904223;
        ift_str_addf(&text, "{\"line\":%d,\"x\":\"%08x%08x\"}\n", i, x, x ^ (x >> 7));
    }
}

static void test_plain(void) {
    struct ift_err err = {0};
    struct ift_str out = {0};
    put("plain", text.p, text.n);
    put("empty", "", 0);
    put("begin", "begin 644 x\n#0V%T\n`\nend\n", 24); /* uuencoded, and meant as text */
    const char *const paths[] = {at("plain"), at("empty"), at("begin")};
    CHECK_OK(read_all(paths, 3, "*.json", &out, &err), &err);
    CHECK_INT(out.n, text.n + 7 + 7 + 7 + 24);
    CHECK(strncmp(out.p, "<plain>", 7) == 0 && memcmp(out.p + 7, text.p, text.n) == 0);
    CHECK_STR(out.p + 7 + text.n, "<empty><begin>begin 644 x\n#0V%T\n`\nend\n");
    CHECK_INT(read_one("missing", &out, &err), -1);
    CHECK(strstr(err.text, "cannot open") && strstr(err.text, "No such file"));
    CHECK_INT(ift_in_slurp(dir, &out, 0, &err), -1);
    CHECK(strstr(err.text, "is a directory"));
    ift_str_release(&out);
}

static void test_compressed(void) {
    struct ift_err err = {0};
    struct ift_str out = {0}, packed = {0};
    const struct ift_slice whole[] = {ift_str_slice(&text)}, tiny[] = {{"one\n", 4}},
                           none[] = {{"", 0}};
    const char *const name[] = {"x"};
    for (int i = 0; i < NFILTERS; i++) {
        pack("c", filter[i], "raw", name, whole, 1);
        CHECK_OK(read_one("c", &out, &err), &err);
        CHECK(out.n == text.n + 3 && memcmp(out.p + 3, text.p, text.n) == 0);

        /* Two streams one after the other are one text. */
        ift_str_clear(&packed);
        get("c", &packed);
        pack("tiny", filter[i], "raw", name, tiny, 1);
        get("tiny", &packed);
        put("two", packed.p, packed.n);
        CHECK_OK(read_one("two", &out, &err), &err);
        CHECK(out.n == text.n + 5 + 4 && strcmp(out.p + out.n - 4, "one\n") == 0);

        /* Cut anywhere: an error, never a shorter text. The first bytes alone are no compressed
         * stream yet. */
        ift_str_clear(&packed);
        get("tiny", &packed);
        for (size_t n = 10; n < packed.n; n++) {
            put("cut", packed.p, n);
            if (read_one("cut", &out, &err) != -1)
                fprintf(stderr, "%s cut at %zu of %zu\n", filter[i], n, packed.n);
            CHECK_INT(read_one("cut", &out, &err), -1);
        }
        ift_str_clear(&packed);
        get("c", &packed);
        put("cut", packed.p, packed.n / 2);
        CHECK_INT(read_one("cut", &out, &err), -1);
        put("cut", packed.p, packed.n - 1);
        CHECK_INT(read_one("cut", &out, &err), -1);
        CHECK(strstr(err.text, "truncated"));
        ift_str_adds(&packed, "glued on");
        put("glued", packed.p, packed.n);
        CHECK_INT(read_one("glued", &out, &err), -1);

        if (strcmp(filter[i], "lz4") == 0) { /* which libarchive's writer cannot do */
            put("none", "\x04\x22\x4d\x18\x64\x40\xa7\0\0\0\0\x05\x5d\xcc\x02", 15);
        } else {
            pack("none", filter[i], "raw", name, none, 1);
        }
        CHECK_OK(read_one("none", &out, &err), &err);
    }
    ift_str_release(&out);
    ift_str_release(&packed);
}

static void test_stacked(void) {
    struct ift_err err = {0};
    struct ift_str out = {0}, packed = {0};
    const char *const name[] = {"x"};
    pack("inner", "zstd", "raw", name, (struct ift_slice[]){ift_str_slice(&text)}, 1);
    get("inner", &packed);
    pack("outer", "gzip", "raw", name, (struct ift_slice[]){ift_str_slice(&packed)}, 1);
    CHECK_OK(read_one("outer", &out, &err), &err);
    CHECK(out.n == text.n + 7 && memcmp(out.p + 7, text.p, text.n) == 0);
    ift_str_release(&out);
    ift_str_release(&packed);
}

static void test_containers(void) {
    static const char *const format[] = {"ustar", "pax", "gnutar", "zip"};
    static const char *const name[] = {"d/", "d/a.json", "d/b.tsv", "c.json", "empty.json"};
    const struct ift_slice data[] = {{"", 0},
                                     {"[1]", 3},
                                     ift_str_slice(&text),
                                     {"{}\n", 3},
                                     {"", 0}};
    struct ift_err err = {0};
    struct ift_str out = {0}, packed = {0};
    for (int i = 0; i < 4; i++) {
        pack("box", "none", format[i], name, data, 5);
        const char *const path = at("box");
        CHECK_OK(read_all(&path, 1, "*.json", &out, &err), &err);
        CHECK_STR(out.p, "<a.json>[1]<box:c.json>{}\n<box:empty.json>");
        CHECK_OK(read_all(&path, 1, "d/b*", &out, &err), &err);
        CHECK(out.n == text.n + 7 && memcmp(out.p + 7, text.p, text.n) == 0);
        CHECK_OK(read_one("box", &out, &err), &err);
        CHECK_INT(out.n, 8 + 3 + 7 + text.n + 12 + 3 + 16);
        CHECK_INT(read_all(&path, 1, "*.yaml", &out, &err), -1);
        CHECK(strstr(err.text, "no member matches '*.yaml'"));
        ift_str_clear(&packed);
        get("box", &packed);
        for (size_t n = 600; n < packed.n; n = n < packed.n - 3000 ? n + 39973 : n + 61) {
            put("cut", packed.p, n);
            /* The blocks of zeros at a tar's end are padded further; half of them is still whole.
             */
            const bool padding = i < 3 && memcmp(packed.p + n - 512, (char[512]){0}, 512) == 0;
            if (!padding) CHECK_INT(read_one("cut", &out, &err), -1);
        }
    }
    pack("box.tgz", "gzip", "ustar", name, data, 5);
    const char *const path = at("box.tgz");
    CHECK_OK(read_all(&path, 1, "c.json", &out, &err), &err);
    CHECK_STR(out.p, "<box.tgz:c.json>{}\n");
    /* Cut between two members, where every byte there is looks fine. */
    pack("box", "none", "ustar", name + 3, data + 3, 1);
    ift_str_clear(&packed);
    get("box", &packed);
    put("cut", packed.p, 1024);
    CHECK_INT(read_one("cut", &out, &err), -1);
    CHECK(strstr(err.text, "truncated archive"));
    ift_str_release(&out);
    ift_str_release(&packed);
}

static void test_refused(void) {
    struct ift_err err = {0};
    struct ift_str out = {0};
    static const char pointer[] =
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    put("lfs.jsonl.gz", pointer, sizeof pointer - 1);
    CHECK_INT(read_one("lfs.jsonl.gz", &out, &err), -1);
    CHECK(strstr(err.text, "is a Git LFS pointer to 12 bytes: fetch the file with `git lfs pull`"));
    const char *const name[] = {"in.json.gz"};
    pack("box", "none", "zip", name, (struct ift_slice[]){{"\x1f\x8b\x08", 3}}, 1);
    CHECK_INT(read_one("box", &out, &err), -1);
    CHECK(strstr(err.text, "box:in.json.gz: compressed inside an archive"));
    ift_str_release(&out);
}

static void test_lines(void) {
    struct ift_err err = {0};
    struct ift_str data = {0};
    ift_str_adds(&data, "one\n\ntwo\r\n");
    for (int i = 0; i < 600000; i++) ift_str_addc(&data, 'x');
    ift_str_adds(&data, "\nlast");
    put("lines", data.p, data.n);
    const char *const path = at("lines");
    struct ift_in *in;
    struct ift_slice line;
    bool terminated;
    CHECK_OK(ift_in_open(&in, &path, 1, NULL, &err), &err);
    CHECK_INT(ift_in_next(in, &err), 1);
    CHECK(ift_in_line(in, &line, &terminated, &err) == 1 && ift_slice_is(line, "one") &&
          terminated);
    CHECK(ift_in_line(in, &line, &terminated, &err) == 1 && line.n == 0 && terminated);
    CHECK(ift_in_line(in, &line, &terminated, &err) == 1 && ift_slice_is(line, "two\r") &&
          terminated);
    CHECK(ift_in_line(in, &line, &terminated, &err) == 1 && line.n == 600000 &&
          line.p[599999] == 'x');
    CHECK(ift_in_line(in, &line, &terminated, &err) == 1 && ift_slice_is(line, "last") &&
          !terminated);
    CHECK_INT(ift_in_line(in, &line, &terminated, &err), 0);
    CHECK_INT(ift_in_line(in, &line, &terminated, &err), 0);
    CHECK_INT(ift_in_next(in, &err), 0);
    ift_in_free(in);
    /* Skipping the rest of a member. */
    const char *const twice[] = {path, path};
    CHECK_OK(ift_in_open(&in, twice, 2, NULL, &err), &err);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(ift_in_next(in, &err), 1);
        CHECK(ift_in_line(in, &line, &terminated, &err) == 1 && ift_slice_is(line, "one"));
    }
    CHECK_INT(ift_in_next(in, &err), 0);
    ift_in_free(in);
    ift_str_release(&data);
}

/* Standard input as a pipe that a slow writer fills byte by byte. */
static int read_pipe(struct ift_slice data, struct ift_str *out, struct ift_err *err) {
    int fd[2];
    CHECK(pipe(fd) == 0);
    const pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < data.n; i += i < 600 ? 1 : 5000) {
            const size_t n = i < 600 ? 1 : data.n - i < 5000 ? data.n - i : 5000;
            if (write(fd[1], data.p + i, n) < 0) _exit(1); /* the reader found enough */
        }
        _exit(0);
    }
    close(fd[1]);
    const int keep = dup(0);
    dup2(fd[0], 0);
    const int got = read_all(NULL, 0, NULL, out, err);
    dup2(keep, 0);
    close(keep);
    close(fd[0]);
    waitpid(pid, NULL, 0);
    return got;
}

static void test_pipe(const char *file, size_t skip) {
    struct ift_err err = {0};
    struct ift_str data = {0}, out = {0};
    get(file, &data);
    CHECK_OK(read_pipe(ift_str_slice(&data), &out, &err), &err);
    CHECK(strncmp(out.p, "<stdin", 6) == 0);
    CHECK(out.n == text.n + skip && memcmp(out.p + skip, text.p, text.n) == 0);
    if (skip != 7) {
        CHECK_INT(read_pipe((struct ift_slice){data.p, data.n - 30}, &out, &err), -1);
        CHECK(strstr(err.text, "truncated"));
    }
    ift_str_release(&data);
    ift_str_release(&out);
}

static void test_slurp(void) {
    struct ift_err err = {0};
    struct ift_str out = {0};
    CHECK_OK(ift_in_slurp(at("c"), &out, 0, &err), &err);
    CHECK(out.n == text.n && memcmp(out.p, text.p, text.n) == 0);
    ift_str_clear(&out);
    CHECK_OK(ift_in_slurp(at("plain"), &out, text.n, &err), &err);
    ift_str_clear(&out);
    CHECK_INT(ift_in_slurp(at("plain"), &out, text.n - 1, &err), -1);
    CHECK(strstr(err.text, "more than"));
    CHECK_INT(ift_in_slurp(at("box.tgz"), &out, 0, &err), -1);
    CHECK(strstr(err.text, "several files"));
    ift_str_release(&out);
}

/* ---- output ---- */

static int count_files(void) {
    char command[300];
    snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
    FILE *f = popen(command, "r");
    int n = -1;
    CHECK(f && fscanf(f, "%d", &n) == 1);
    if (f) pclose(f);
    return n;
}

static void test_out(void) {
    struct ift_err err = {0};
    struct ift_out *out;
    struct ift_str back = {0};
    const int before = count_files();
    CHECK_OK(ift_out_open(&out, at("new"), &err), &err);
    for (int i = 0; i < 3; i++) CHECK_OK(ift_out_write(out, "abc", 3, &err), &err);
    CHECK_OK(ift_out_write(out, text.p, text.n, &err), &err);
    CHECK(access(at("new"), F_OK) < 0);
    CHECK_OK(ift_out_close(out, &err), &err);
    get("new", &back);
    CHECK(back.n == 9 + text.n && memcmp(back.p, "abcabcabc", 9) == 0 &&
          memcmp(back.p + 9, text.p, text.n) == 0);
    CHECK_INT(count_files(), before + 1);
    struct stat st;
    CHECK(stat(at("new"), &st) == 0 && (st.st_mode & 0777) == 0644);

    /* Abandoned: the old file stays. A link stays a link. */
    CHECK(symlink("new", at("link")) == 0);
    CHECK_OK(ift_out_open(&out, at("link"), &err), &err);
    CHECK_OK(ift_out_write(out, "zzz", 3, &err), &err);
    ift_out_abandon(out);
    CHECK_INT(count_files(), before + 2);
    CHECK_OK(ift_out_open(&out, at("link"), &err), &err);
    CHECK_OK(ift_out_write(out, "zzz", 3, &err), &err);
    CHECK_OK(ift_out_close(out, &err), &err);
    ift_str_clear(&back);
    get("new", &back);
    CHECK_STR(back.p, "zzz");
    CHECK(lstat(at("link"), &st) == 0 && S_ISLNK(st.st_mode));

    CHECK_INT(ift_out_open(&out, at("no/such"), &err), -1);
    CHECK_INT(ift_out_open(&out, dir, &err), -1);
    ift_out_abandon(NULL);
    ift_str_release(&back);
}

static void test_out_failures(void) {
    struct ift_err err = {0};
    struct ift_out *out;
    if (access("/dev/full", W_OK) == 0) {
        CHECK_OK(ift_out_open(&out, "/dev/full", &err), &err);
        CHECK_OK(ift_out_write(out, "x", 1, &err), &err);
        CHECK_INT(ift_out_close(out, &err), -1);
        CHECK(strstr(err.text, "No space left") && !err.closed_pipe);
    }
    signal(SIGPIPE, SIG_IGN);
    int fd[2];
    CHECK(pipe(fd) == 0);
    close(fd[0]);
    const int keep = dup(1);
    dup2(fd[1], 1);
    CHECK_OK(ift_out_open(&out, "-", &err), &err);
    CHECK_OK(ift_out_write(out, "x", 1, &err), &err);
    CHECK_INT(ift_out_close(out, &err), -1);
    dup2(keep, 1);
    close(keep);
    close(fd[1]);
    CHECK(err.closed_pipe);
    /* A file that may not grow: nothing is left behind. */
    const int before = count_files();
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small = {100000, RLIM_INFINITY};
    struct rlimit old;
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0 && setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK_OK(ift_out_open(&out, at("big"), &err), &err);
    CHECK_INT(ift_out_write(out, text.p, text.n, &err), -1);
    ift_out_abandon(out);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK_INT(count_files(), before);
}

int main(void) {
    CHECK(mkdtemp(dir));
    umask(022);
    make_text();
    test_plain();
    test_compressed();
    test_stacked();
    test_containers();
    test_refused();
    test_lines();
    test_pipe("plain", 7);
    test_pipe("outer", 7);
    pack("one.zip", "none", "zip", (const char *const[]){"b"},
         (struct ift_slice[]){ift_str_slice(&text)}, 1);
    test_pipe("one.zip", 9);
    pack("one.tgz", "gzip", "ustar", (const char *const[]){"b"},
         (struct ift_slice[]){ift_str_slice(&text)}, 1);
    test_pipe("one.tgz", 9);
    test_slurp();
    test_out();
    test_out_failures();
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(system(command) == 0);
    ift_str_release(&text);
    return check_done();
}
