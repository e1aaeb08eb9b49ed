/* encode VOCABULARY FILE [PASSES]: MB/s of processor time of encoding a file of documents that end
 * in NUL, one thread, pass by pass (the first is cold), and of decoding them. One line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/text/tokenizer.h"

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const struct ift_err *err) {
    fprintf(stderr, "encode: %s\n", err->text);
    exit(1);
}

/* The ids of all documents, and where each ends. */
struct ids {
    int32_t *id;
    size_t n, cap, *end, ndocs, cap_docs;
};

static void encode_all(struct ift_encoder *e, const struct ift_str *text, struct ids *ids,
                       struct ift_err *err) {
    struct ift_tokens tokens = {0};
    ids->n = ids->ndocs = 0;
    for (const char *p = text->p, *const end = p + text->n; p < end;) {
        const char *const nul = memchr(p, '\0', (size_t)(end - p));
        const size_t n = (size_t)((nul ? nul : end) - p);
        if (ift_encoder_encode(e, p, n, NULL, &tokens, err) < 0) die(err);
        ids->id = ift_grow(ids->id, ids->n + tokens.n, &ids->cap, sizeof *ids->id);
        if (tokens.n) memcpy(ids->id + ids->n, tokens.id, tokens.n * sizeof *ids->id);
        ids->n += tokens.n;
        ids->end = ift_grow(ids->end, ids->ndocs + 1, &ids->cap_docs, sizeof *ids->end);
        ids->end[ids->ndocs++] = ids->n;
        p += n + 1;
    }
    ift_tokens_release(&tokens);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    const int passes = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 2;
    struct ift_err err = {0};
    struct ift_str text = {0}, back = {0};
    struct ift_tokenizer *t;
    if (ift_in_slurp(argv[2], &text, 0, &err) < 0) die(&err);
    double start = cpu_seconds();
    if (ift_tokenizer_open(&t, argv[1], &err) < 0) die(&err);
    printf("{\"load_s\":%.3f,\"encode\":[", cpu_seconds() - start);
    struct ids ids = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    const double mb = (double)text.n / 1e6;
    for (int i = 0; i < passes; i++) {
        start = cpu_seconds();
        encode_all(e, &text, &ids, &err);
        printf("%s%.1f", i ? "," : "", mb / (cpu_seconds() - start));
    }
    start = cpu_seconds();
    for (size_t i = 0, from = 0; i < ids.ndocs; from = ids.end[i++]) {
        ift_str_clear(&back);
        const size_t n = ids.end[i] - from;
        if (ift_tokenizer_decode(t, ids.id + from, n, true, &back, &err) < 0) die(&err);
    }
    printf("],\"decode\":%.1f,\"ids\":%zu}\n", mb / (cpu_seconds() - start), ids.n);
    return 0;
}
