/* json_stages FILE.jsonl [REPEAT]: MB/s of processor time of each stage that a record passes:
 * reading, splitting, checking UTF-8, parsing, projecting, checking the projected record. One line
 * of JSON a stage; the best of the repetitions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcore/data/jqn.h"
#include "libcore/data/record.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const struct ift_err *err) {
    fprintf(stderr, "json_stages: %s\n", err->text);
    exit(1);
}

enum stage { READ, SPLIT, UTF8, PARSE, PROJECT, COMPLETE, NSTAGES };
static const char *const name[] = {"read", "split", "utf8", "parse", "project", "record"};

struct bench {
    struct ift_json doc;
    struct ift_jqn *jqn;
    struct ift_str out;
    size_t bytes, values;
};

static void do_value(struct bench *b, enum stage stage, struct ift_slice value,
                     struct ift_err *err) {
    b->values++;
    if (stage == SPLIT) return;
    if (stage == UTF8) {
        if (ift_utf8_check(value.p, value.n) < value.n) exit(1);
        return;
    }
    if (ift_json_parse(&b->doc, value.p, value.n, err) < 0) die(err);
    if (stage == PARSE) return;
    const struct ift_json *out;
    ift_str_clear(&b->out);
    if (ift_jqn_run(b->jqn, &b->doc, &b->out) != 0) exit(1);
    while (ift_jqn_next(b->jqn, &out, err) > 0) {
        bool empty;
        if (stage == COMPLETE && ift_record_complete(out, &b->out, &empty, err) < 0) die(err);
    }
}

static void run(struct bench *b, enum stage stage, const char *path, struct ift_err *err) {
    struct ift_in *in;
    struct ift_json_splitter *const s = ift_json_splitter_new(IFT_JSON_LINES);
    if (ift_in_open(&in, &path, 1, NULL, err) < 0 || ift_in_next(in, err) < 0) die(err);
    struct ift_slice value;
    size_t n, line;
    const char *p;
    while (ift_in_block(in, &p, &n, err) > 0) {
        b->bytes += n;
        if (stage == READ) continue;
        ift_json_splitter_push(s, p, n);
        int got;
        while ((got = ift_json_splitter_next(s, &value, &line, err)) > 0)
            do_value(b, stage, value, err);
        if (got < 0) die(err);
    }
    ift_in_free(in);
    ift_json_splitter_free(s);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    const int repeat = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
    struct ift_err err = {0};
    struct bench b = {0};
    struct ift_str why = {0};
    b.jqn =
        ift_jqn_open("{instruction: .prompt, input: .context, output: .completion}", NULL, 0, &why);
    for (enum stage stage = READ; stage < NSTAGES; stage++) {
        double best = 0;
        for (int i = 0; i < repeat; i++) {
            b.bytes = b.values = 0;
            const double start = cpu_seconds();
            run(&b, stage, argv[1], &err);
            const double rate = (double)b.bytes / 1e6 / (cpu_seconds() - start);
            if (rate > best) best = rate;
        }
        printf("{\"stage\":\"%s\",\"cpu_mb_s\":%.0f,\"values\":%zu}\n", name[stage], best,
               b.values);
    }
    ift_jqn_free(b.jqn);
    ift_json_release(&b.doc);
    ift_str_release(&b.out);
    ift_str_release(&why);
    return 0;
}
