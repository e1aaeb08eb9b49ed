/* Shards: what goes in comes out, whatever is cut or flipped is noticed. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/shard/shard.h"
#include "tests/unit/check.h"

static const struct ift_shard_meta small =
    {.vocab_size = 300, .vocab_digest = 0x1234, .bos = 1, .eos = 2, .pad = -1, .provenance = "[]"};

/* Row i of a made-up stream: its size, ids, marks and documents follow from i. */
struct made {
    struct ift_row row;
    int32_t *id;
    uint8_t *learn;
    uint32_t *doc;
};

static struct made make(uint64_t i, uint32_t vocab, size_t longest) {
    struct ift_rng r = ift_rng(7, 1, i);
    const size_t n = 1 + ift_rng_below(&r, longest);
    struct made m = {.id = ift_alloc0(n, 4), .learn = ift_alloc0(n, 1), .doc = ift_alloc0(n, 4)};
    size_t ndocs = 0;
    for (size_t left = n; left > 0; ndocs++) {
        m.doc[ndocs] = (uint32_t)(1 + ift_rng_below(&r, left));
        left -= m.doc[ndocs];
    }
    for (size_t k = 0; k < n; k++) {
        m.id[k] = (int32_t)ift_rng_below(&r, vocab);
        m.learn[k] = (uint8_t)ift_rng_below(&r, 2);
    }
    m.row = (struct ift_row){m.id, m.learn, n, m.doc, ndocs};
    return m;
}

static void free_made(struct made *m) {
    free(m->id);
    free(m->learn);
    free(m->doc);
}

static void write_shard(const char *path, const struct ift_shard_meta *meta, size_t rows,
                        uint32_t vocab, size_t longest) {
    struct ift_err err = {0};
    struct ift_out *out;
    struct ift_shard *s;
    CHECK_OK(ift_out_open(&out, path, &err), &err);
    CHECK_OK(ift_shard_start(&s, out, meta, &err), &err);
    for (size_t i = 0; i < rows; i++) {
        struct made m = make(i, vocab, longest);
        CHECK_OK(ift_shard_add(s, &m.row, &err), &err);
        free_made(&m);
    }
    CHECK_OK(ift_shard_finish(s, &err), &err);
    CHECK_OK(ift_out_close(out, &err), &err);
}

static bool same_row(const struct ift_row *a, const struct ift_row *b) {
    return a->n == b->n && a->ndocs == b->ndocs && memcmp(a->id, b->id, 4 * a->n) == 0 &&
           memcmp(a->learn, b->learn, a->n) == 0 && memcmp(a->doc, b->doc, 4 * a->ndocs) == 0;
}

/* Reads paths to the end: rows that are as made, or -1 with the message in err. */
static long read_rows(const char *const *paths, size_t npaths, size_t per_shard, uint32_t vocab,
                      size_t longest, struct ift_err *err) {
    struct ift_rows *rows;
    struct ift_row row;
    *err = (struct ift_err){0};
    if (ift_rows_open(&rows, paths, npaths, err) < 0) return -1;
    long n = 0;
    int got;
    while ((got = ift_rows_next(rows, &row, err)) > 0) {
        struct made m = make((uint64_t)n % per_shard, vocab, longest);
        CHECK(same_row(&row, &m.row));
        free_made(&m);
        n++;
    }
    ift_rows_free(rows);
    return got < 0 ? -1 : n;
}

static void test_round_trip(const struct ift_shard_meta *meta, size_t nrows, uint32_t vocab,
                            size_t longest) {
    struct ift_err err;
    const char *const path = "a.ifs";
    write_shard(path, meta, nrows, vocab, longest);
    CHECK_INT(read_rows(&path, 1, nrows ? nrows : 1, vocab, longest, &err), nrows);
    const char *const twice[] = {path, path};
    CHECK_INT(read_rows(twice, 2, nrows ? nrows : 1, vocab, longest, &err), 2 * nrows);
}

static void test_header(void) {
    struct ift_err err = {0};
    struct ift_rows *rows;
    struct ift_row row;
    struct ift_shard_meta meta;
    struct ift_str provenance = {0};
    const char *const path = "h.ifs";
    struct ift_shard_meta with = small;
    with.provenance = "[{\"tool\":\"x\"}]";
    write_shard(path, &with, 1, 300, 10);
    CHECK_OK(ift_rows_open(&rows, &path, 1, &err), &err);
    CHECK_STR(ift_rows_header(rows), "");
    CHECK_INT(ift_rows_peek(rows, &err), 1);
    CHECK_STR(ift_rows_header(rows), "{\"version\":1,\"id_bits\":16,\"vocab_size\":300,\"vocab_"
                                     "digest\":\"xxh3:0000000000001234\",\"bos\":1,"
                                     "\"eos\":2,\"pad\":null,\"provenance\":[{\"tool\":\"x\"}]}");
    CHECK_OK(ift_shard_meta_read(&meta, ift_rows_header(rows), &provenance, &err), &err);
    CHECK_INT(meta.vocab_size, 300);
    CHECK_INT(meta.vocab_digest, 0x1234);
    CHECK_INT(meta.eos, 2);
    CHECK_INT(meta.pad, -1);
    CHECK_STR(meta.provenance, "[{\"tool\":\"x\"}]");
    CHECK_INT(ift_rows_next(rows, &row, &err), 1);
    CHECK_STR(ift_rows_where(rows), "h.ifs: row 1");
    CHECK_INT(ift_rows_next(rows, &row, &err), 0);
    CHECK(strstr(ift_rows_end(rows), "{\"rows\":1,\"tokens\":") == ift_rows_end(rows));
    ift_rows_free(rows);
    ift_str_release(&provenance);
}

static struct ift_str slurp_raw(const char *path) {
    struct ift_str s = {0};
    FILE *const f = fopen(path, "rb");
    CHECK(f != NULL);
    if (!f) exit(1);
    for (int c; (c = getc(f)) != EOF;) ift_str_addc(&s, (char)c);
    fclose(f);
    return s;
}

static void write_raw(const char *path, const char *p, size_t n) {
    FILE *const f = fopen(path, "wb");
    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

/* Cut anywhere or with any bit flipped, a shard is an error; the rows before it are still as
 * written. */
static void test_damage(void) {
    struct ift_err err;
    const char *const path = "d.ifs", *const bad = "bad.ifs";
    write_shard(path, &small, 6, 300, 20);
    struct ift_str s = slurp_raw(path);
    for (size_t n = 1; n < s.n; n++) {
        write_raw(bad, s.p, n);
        if (read_rows(&bad, 1, 6, 300, 20, &err) >= 0) {
            fprintf(stderr, "cut to %zu of %zu bytes: not noticed\n", n, s.n);
            check_failures++;
        }
    }
    for (size_t i = 0; i < 8 * s.n; i++) {
        s.p[i / 8] ^= (char)(1 << i % 8);
        write_raw(bad, s.p, s.n);
        struct ift_rows *rows;
        struct ift_row row;
        int got;
        CHECK_OK(ift_rows_open(&rows, &bad, 1, &err), &err);
        while ((got = ift_rows_next(rows, &row, &err)) > 0) continue;
        ift_rows_free(rows);
        if (got == 0) {
            fprintf(stderr, "bit %zu of byte %zu flipped: not noticed\n", i % 8, i / 8);
            check_failures++;
        }
        s.p[i / 8] ^= (char)(1 << i % 8);
    }
    /* Concatenated, and something else behind it. */
    struct ift_str two = {0};
    ift_str_add(&two, s.p, s.n);
    ift_str_add(&two, s.p, s.n);
    write_raw(bad, two.p, two.n);
    CHECK_INT(read_rows(&bad, 1, 6, 300, 20, &err), 12);
    write_raw(bad, two.p, s.n + 1);
    CHECK_INT(read_rows(&bad, 1, 6, 300, 20, &err), -1);
    ift_str_adds(&two, "tail");
    write_raw(bad, two.p, two.n);
    CHECK_INT(read_rows(&bad, 1, 6, 300, 20, &err), -1);
    CHECK_STR(err.text, "bad.ifs: what follows the shard is not a shard");
    ift_str_release(&s);
    ift_str_release(&two);
}

static void test_refusals(void) {
    struct ift_err err = {0};
    struct ift_out *out;
    struct ift_shard *s;
    const int32_t id[] = {1, 300};
    const uint8_t learn[] = {0, 1};
    const uint32_t doc[] = {2}, wrong[] = {3};
    CHECK_OK(ift_out_open(&out, "r.ifs", &err), &err);
    CHECK_OK(ift_shard_start(&s, out, &small, &err), &err);
    CHECK_INT(ift_shard_add(s, &(struct ift_row){id, learn, 2, doc, 1}, &err), -1);
    CHECK_STR(err.text, "token 300 in a vocabulary of 300");
    CHECK_INT(ift_shard_add(s, &(struct ift_row){id, learn, 2, wrong, 1}, &err), -1);
    CHECK_STR(err.text, "document lengths sum to 3, the row has 2 tokens");
    CHECK_INT(ift_shard_add(s, &(struct ift_row){id, learn, 0, doc, 1}, &err), -1);
    ift_shard_abandon(s);
    ift_out_abandon(out);

    struct ift_shard_meta other = small;
    other.vocab_digest = 0x9999;
    write_shard("one.ifs", &small, 2, 300, 5);
    write_shard("two.ifs", &other, 2, 300, 5);
    const char *const both[] = {"one.ifs", "two.ifs"};
    CHECK_INT(read_rows(both, 2, 2, 300, 5, &err), -1);
    CHECK_STR(err.text, "two.ifs: its vocabulary is not that of one.ifs");
}

/* Two runs write the same bytes, and `zstd -dc` would give the payload: it begins with the first
 * row. */
static void test_bytes(void) {
    write_shard("x.ifs", &small, 50, 300, 100);
    write_shard("y.ifs", &small, 50, 300, 100);
    struct ift_str x = slurp_raw("x.ifs"), y = slurp_raw("y.ifs");
    CHECK(ift_slice_eq(ift_str_slice(&x), ift_str_slice(&y)));
    ift_str_release(&x);
    ift_str_release(&y);
}

enum { THREADS = 5, PACKED = 400 };

struct packers {
    struct ift_shard *shard;
    pthread_mutex_t lock;
    uint64_t next;
    int failed; /* threads that were told of a failure */
};

/* Adds rows in order, one thread at a time, and compresses when others may add. */
static void *pack_rows(void *arg) {
    struct packers *const p = arg;
    struct ift_err err = {0};
    int rc = 0;
    for (bool more = true; more && rc == 0;) {
        struct ift_str rows = {0};
        pthread_mutex_lock(&p->lock);
        for (int i = 0; i < 10 && (more = p->next < PACKED); i++) {
            struct made m = make(p->next++, 128256, 3000);
            CHECK_OK(ift_shard_pack(128256, &m.row, &rows, &err), &err);
            free_made(&m);
        }
        ift_shard_add_packed(p->shard, ift_str_slice(&rows));
        pthread_mutex_unlock(&p->lock);
        ift_str_release(&rows);
        rc = ift_shard_compress(p->shard, &err);
    }
    pthread_mutex_lock(&p->lock);
    p->failed += rc < 0;
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* 0, or how many threads could not write. */
static int pack_in_threads(const char *path, const struct ift_shard_meta *meta) {
    struct packers p = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct ift_err err = {0};
    struct ift_out *out;
    pthread_t thread[THREADS];
    CHECK_OK(ift_out_open(&out, path, &err), &err);
    CHECK_OK(ift_shard_start(&p.shard, out, meta, &err), &err);
    for (int i = 0; i < THREADS; i++) CHECK(!pthread_create(&thread[i], NULL, pack_rows, &p));
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    if (p.failed > 0) {
        ift_shard_abandon(p.shard);
        ift_out_abandon(out);
        return p.failed;
    }
    CHECK_OK(ift_shard_finish(p.shard, &err), &err);
    CHECK_OK(ift_out_close(out, &err), &err);
    return 0;
}

static void test_threads(void) {
    struct ift_shard_meta wide = small;
    struct ift_err err;
    wide.vocab_size = 128256;
    write_shard("one.ifs", &wide, PACKED, 128256, 3000);
    CHECK_INT(pack_in_threads("many.ifs", &wide), 0);
    CHECK_INT(system("cmp one.ifs many.ifs"), 0);
    const char *const path = "many.ifs";
    CHECK_INT(read_rows(&path, 1, PACKED, 128256, 3000, &err), PACKED);
    CHECK_INT(pack_in_threads("/dev/full", &wide), 1); /* told once, and nobody waits */
}

int main(void) {
    char dir[] = "/tmp/ift-shard-XXXXXX";
    if (!mkdtemp(dir) || chdir(dir) != 0) return 1;
    struct ift_shard_meta wide = small, unknown = small;
    wide.vocab_size = 128256;
    unknown.vocab_size = 0;
    test_round_trip(&small, 0, 300, 1);
    test_round_trip(&small, 1, 300, 1);
    test_round_trip(&small, 500, 300, 3000); /* several blocks */
    test_round_trip(&wide, 300, 128256, 3000);
    test_round_trip(&unknown, 20, INT32_MAX, 50);
    test_round_trip(&wide, 3, 128256, 2000000); /* rows larger than a block */
    test_header();
    test_damage();
    test_refusals();
    test_bytes();
    test_threads();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command) != 0 || check_done();
}
