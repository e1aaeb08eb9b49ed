/* vectors.h: the files under $SHARED/tok/vectors, the vocabularies they are for, and how what was
 * got is held against what they say. For the tests that read them. */
#ifndef IFT_TEST_VECTORS_H
#define IFT_TEST_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/text/tokenizer.h"
#include "tests/unit/check.h"

static struct ift_str tok; /* $SHARED/tok */
static size_t vectors;     /* compared so far */

/* At the start; the test is skipped where there is nothing to read. */
static inline void vectors_begin(void) {
    const char *const shared = getenv("SHARED");
    if (!shared || !*shared) check_skip("needs the vocabularies in $SHARED/tok");
    ift_str_addf(&tok, "%s/tok", shared);
}

static inline int vectors_end(void) {
    ift_str_release(&tok);
    printf("%zu vectors\n", vectors);
    return check_done();
}

/* The lines of a file, NUL-terminated. */
struct lines {
    struct ift_str text;
    char **line;
    size_t n, cap;
};

static inline void read_lines(struct lines *l, const char *dir, const char *name,
                              const char *suffix) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    *l = (struct lines){0};
    ift_str_addf(&path, "%s/vectors/%s/%s%s", tok.p, dir, name, suffix);
    CHECK_OK(ift_in_slurp(path.p, &l->text, 0, &err), &err);
    ift_str_release(&path);
    for (char *p = l->text.p, *end; p && p < l->text.p + l->text.n; p = end + 1) {
        end = strchr(p, '\n');
        if (!end) end = l->text.p + l->text.n;
        *end = '\0';
        l->line = ift_grow(l->line, l->n + 1, &l->cap, sizeof *l->line);
        l->line[l->n++] = p;
    }
    CHECK(l->n > 0);
}

static inline void free_lines(struct lines *l) {
    ift_str_release(&l->text);
    free(l->line);
}

/* A folder of links: "FILE>NAME FILE …" of $SHARED/tok, a name being that of the file unless it
 * is said, and a tokenizer_config.json. */
static inline void make_folder(struct ift_str *path, const char *files, const char *config) {
    static int number;
    ift_str_addf(path, "folder-%d", number++);
    /* In a folder of an earlier run, what is written below would go through a link into $SHARED. */
    if (mkdir(path->p, 0777) != 0) {
        fprintf(stderr, "%s is there already: run this in an empty folder\n", path->p);
        exit(1);
    }
    for (size_t n; *files; files += n + (files[n] == ' ')) {
        struct ift_str from = {0}, to = {0};
        n = strcspn(files, " ");
        const char *const name = memchr(files, '>', n), *const slash = strchr(files, '/');
        const size_t nfrom = name ? (size_t)(name - files) : n;
        const char *const base = (name ? name : slash) + 1;
        ift_str_addf(&from, "%s/%.*s", tok.p, (int)nfrom, files);
        ift_str_addf(&to, "%s/%.*s", path->p, (int)(files + n - base), base);
        CHECK_INT(symlink(from.p, to.p), 0);
        ift_str_release(&from);
        ift_str_release(&to);
    }
    if (!config) return;
    struct ift_str to = {0};
    ift_str_addf(&to, "%s/tokenizer_config.json", path->p);
    FILE *const f = fopen(to.p, "wx");
    CHECK(f && fputs(config, f) >= 0 && fclose(f) == 0);
    ift_str_release(&to);
}

static inline struct ift_tokenizer *open_tokenizer(const char *file, const char *config) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    struct ift_tokenizer *t = NULL;
    if (strchr(file, ' ') || strchr(file, '>') || config)
        make_folder(&path, file, config);
    else
        ift_str_addf(&path, "%s/%s", tok.p, file);
    CHECK_OK(ift_tokenizer_open(&t, path.p, &err), &err);
    ift_str_release(&path);
    return t;
}

static inline void get_text(const struct ift_json *doc, int object, const char *key,
                            struct ift_str *out) {
    ift_str_clear(out);
    ift_json_text(doc, ift_json_get(doc, object, key), out);
}

static inline int get_ids(const struct ift_json *doc, int object, const char *key,
                          struct ift_str *out) {
    const int array = ift_json_get(doc, object, key);
    if (array < 0) return -1;
    ift_str_clear(out);
    for (int v = ift_json_first(doc, array); v >= 0; v = ift_json_next(doc, array, v)) {
        const struct ift_slice raw = ift_json_raw(doc, v);
        if (out->n) ift_str_addc(out, ' ');
        ift_str_add(out, raw.p, raw.n);
    }
    return 0;
}

static inline void print_ids(const struct ift_tokens *tokens, struct ift_str *out) {
    ift_str_clear(out);
    for (size_t i = 0; i < tokens->n; i++) ift_str_addf(out, i ? " %d" : "%d", tokens->id[i]);
}

static inline void get_hex(const char *hex, struct ift_str *out) {
    ift_str_clear(out);
    for (; hex[0] && hex[1]; hex += 2) {
        const char two[3] = {hex[0], hex[1], 0};
        ift_str_addc(out, (char)strtol(two, NULL, 16));
    }
}

static inline void expect(const char *name, size_t line, const char *what,
                          const struct ift_str *got, const struct ift_str *want) {
    vectors++;
    if (ift_slice_eq(ift_str_slice(got), ift_str_slice(want))) return;
    if (check_failures++ < 40)
        fprintf(stderr, "%s: line %zu: %s differ\n   got %.300s\n  want %.300s\n", name, line + 1,
                what, got->n ? got->p : "", want->n ? want->p : "");
}

/* What Qwen2's folder says beside vocab.json and merges.txt. */
#define QWEN2_CONFIG                                                                               \
    "{\"tokenizer_class\": \"Qwen2Tokenizer\", \"added_tokens_decoder\": {"                        \
    "\"151643\": {\"content\": \"<|endoftext|>\", \"special\": true},"                             \
    "\"151644\": {\"content\": \"<|im_start|>\", \"special\": true},"                              \
    "\"151645\": {\"content\": \"<|im_end|>\", \"special\": true}}}"

#endif
