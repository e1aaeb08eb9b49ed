/* gzip files by every library that this build can unpack them with, beside libarchive: a grid of
 * files, files that are damaged, files cut anywhere. `test_gzip SEED FILES` damages more of them
 * than the suite has time for. */
#include "libcore/io/gzip.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "libcore/base/rng.h"
#include "libcore/io/stream.h"
#include "libcore/io/unpack.h"
#include "tests/unit/check.h"

/* ---- making ---- */

struct look {
    int level, strategy;
    bool extra, name, comment, header_crc, sync;
};

static void add_number(struct ift_str *file, uint32_t number, int n) {
    for (int i = 0; i < n; i++) ift_str_addc(file, (char)(number >> (8 * i)));
}

static void add_deflated(struct ift_str *file, struct ift_slice text, const struct look *how) {
    z_stream z = {.next_in = (unsigned char *)text.p};
    CHECK_INT(deflateInit2(&z, how->level, Z_DEFLATED, -MAX_WBITS, 8, how->strategy), Z_OK);
    size_t left = text.n;
    int got;
    do { /* with `sync` in pieces, each of which ends at a byte */
        unsigned char out[4096];
        if (z.avail_in == 0 && left > 0) {
            z.avail_in = (unsigned)(how->sync && left > 1000 ? 1000 : left);
            left -= z.avail_in;
        }
        z.next_out = out;
        z.avail_out = sizeof out;
        got = deflate(&z, left == 0 && !z.avail_in ? Z_FINISH
                          : how->sync              ? Z_SYNC_FLUSH
                                                   : Z_NO_FLUSH);
        ift_str_add(file, (const char *)out, sizeof out - z.avail_out);
    } while (got != Z_STREAM_END);
    deflateEnd(&z);
}

static void add_member(struct ift_str *file, struct ift_slice text, const struct look *how) {
    const size_t from = file->n;
    const int flags = how->header_crc << 1 | how->extra << 2 | how->name << 3 | how->comment << 4;
    ift_str_add(file, "\x1f\x8b\x08", 3);
    add_number(file, (uint32_t)flags, 1);
    add_number(file, 1234567890, 4);
    add_number(file, 3 << 8, 2);
    if (how->extra) ift_str_add(file, "\6\0BC\2\0\1\2", 8); /* as bgzip's is */
    if (how->name) ift_str_add(file, "name.jsonl", 11);
    if (how->comment) ift_str_add(file, "what \xe9it is", 12);
    if (how->header_crc)
        add_number(file, (uint32_t)crc32_z(0, (unsigned char *)file->p + from, file->n - from), 2);
    add_deflated(file, text, how);
    add_number(file, (uint32_t)crc32_z(0, (const unsigned char *)text.p, text.n), 4);
    add_number(file, (uint32_t)text.n, 4);
}

/* Text of n bytes: 0 words, 1 one byte again and again, 2 noise, 3 copies from afar. */
static void make_text(struct ift_rng *r, int kind, size_t n, struct ift_str *text) {
    ift_str_clear(text);
    ift_str_reserve(text, n);
    while (text->n < n) {
        if (kind == 0) {
            static const char *const word[] =
                {"{\"instruction\":",        "\"what is ", "the ", "input", "output",
                 "\xe4\xb8\xad\xe6\x96\x87", "}\n",        "1234"};
            ift_str_adds(text, word[ift_rng_below(r, 8)]);
        } else if (kind == 1) {
            ift_str_addc(text, 'a');
        } else if (kind == 2 || text->n < 33000 || ift_rng_below(r, 3) == 0) {
            ift_str_addc(text, (char)ift_rng_u32(r));
        } else {
            const size_t back = 32768 - ift_rng_below(r, 4), most = 258;
            ift_str_reserve(text, most);
            ift_str_add(text, text->p + text->n - back, 3 + ift_rng_below(r, most - 3));
        }
    }
    text->n = n;
}

/* ---- reading ---- */

/* Makes standard input a file in memory, or a pipe of what fits into one. */
static void lay(struct ift_slice file, bool pipe_it) {
    int end[2] = {memfd_create("gzip", 0), -1};
    if (pipe_it) {
        close(end[0]);
        CHECK_INT(pipe(end), 0);
    }
    CHECK_INT(write(pipe_it ? end[1] : end[0], file.p, file.n), file.n);
    if (pipe_it) close(end[1]);
    CHECK_INT(dup2(end[0], STDIN_FILENO), STDIN_FILENO);
    close(end[0]);
    lseek(STDIN_FILENO, 0, SEEK_SET);
}

static int read_gzip(struct ift_raw *raw, const struct ift_inflate *by, struct ift_str *out,
                     struct ift_err *err) {
    struct ift_gzip *g;
    struct ift_slice block;
    int got = ift_gzip_open(&g, raw, by, err);
    if (got < 0) return -1;
    while ((got = ift_gzip_block(g, &block, err)) > 0) ift_str_add(out, block.p, block.n);
    ift_gzip_free(g);
    return got;
}

static int read_libarchive(struct ift_raw *raw, struct ift_str *out, struct ift_err *err) {
    struct ift_unpack *u;
    struct ift_slice block;
    const char *path;
    int got = ift_unpack_open(&u, raw, NULL, err);
    if (got < 0) return -1;
    while ((got = ift_unpack_next(u, &path, err)) > 0) {
        while ((got = ift_unpack_block(u, "x", &block, err)) > 0)
            ift_str_add(out, block.p, block.n);
        if (got < 0) break;
    }
    ift_unpack_free(u);
    return got;
}

/* by NULL: libarchive. */
static int read_file(struct ift_slice file, bool pipe_it, const struct ift_inflate *by,
                     struct ift_str *out, struct ift_err *err) {
    struct ift_raw raw;
    lay(file, pipe_it);
    ift_str_clear(out);
    ift_raw_init(&raw);
    int got = ift_raw_open(&raw, "-", err);
    if (got == 0) got = by ? read_gzip(&raw, by, out, err) : read_libarchive(&raw, out, err);
    ift_raw_release(&raw);
    return got;
}

/* ---- the grid ---- */

/* A byte at a time, and one byte of room: what a library holds must come back. */
static void check_step(const struct ift_inflate *by, struct ift_slice deflated,
                       struct ift_slice text, size_t step, size_t room) {
    struct ift_str out = {0};
    struct ift_inflate_held held;
    void *const state = by->open();
    char *const buf = malloc(room);
    size_t at = 0, made;
    int got = 0;
    by->begin(state);
    while (got == 0) {
        const size_t n = step < deflated.n - at ? step : deflated.n - at;
        struct ift_slice in = {deflated.p + at, n};
        got = by->step(state, &in, buf, room, &made, &held);
        at += n - in.n;
        ift_str_add(&out, buf, made);
        if (got == 0 && made == 0 && at == deflated.n) break;
    }
    CHECK_INT(got, 1);
    CHECK(ift_slice_eq(ift_str_slice(&out), text));
    CHECK_INT(at - held.n, deflated.n - 8); /* the trailer is left */
    CHECK(held.n == 0 || memcmp(held.byte, deflated.p + at - held.n, held.n) == 0);
    by->close(state);
    free(buf);
    ift_str_release(&out);
}

static void check_same(struct ift_slice file, struct ift_slice text) {
    struct ift_str out = {0};
    for (size_t i = 0; i <= 2; i++) {
        const struct ift_inflate *const by = i < 2 ? ift_inflate_nth(i) : NULL;
        if (i == 1 && !by) continue;
        for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
            struct ift_err err = {0};
            if (pipe_it && file.n > 60000) continue;
            CHECK_OK(read_file(file, pipe_it, by, &out, &err), &err);
            CHECK(ift_slice_eq(ift_str_slice(&out), text));
        }
    }
    ift_str_release(&out);
}

static void test_grid(struct ift_rng *r) {
    static const size_t sizes[] = {0, 1, 7, 300, 65535, 65536, 262144, 1000003};
    static const struct look looks[] = {
        {0, Z_DEFAULT_STRATEGY, .name = true},
        {1, Z_DEFAULT_STRATEGY, .name = false},
        {6, Z_DEFAULT_STRATEGY, .extra = true, .name = true, .comment = true, .header_crc = true},
        {9, Z_FIXED, .comment = true},
        {6, Z_HUFFMAN_ONLY, .header_crc = true},
        {6, Z_RLE, .extra = true},
        {3, Z_DEFAULT_STRATEGY, .sync = true},
    };
    struct ift_str text = {0}, file = {0}, twice = {0};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t k = 0; k < sizeof looks / sizeof *looks; k++) {
            const int kind = (int)(s + k) % 4;
            make_text(r, kind, sizes[s], &text);
            ift_str_clear(&file);
            ift_str_clear(&twice);
            add_member(&file, ift_str_slice(&text), &looks[k]);
            check_same(ift_str_slice(&file), ift_str_slice(&text));
            ift_str_add(&twice, text.p, text.n);
            ift_str_add(&twice, text.p, text.n);
            add_member(&file, (struct ift_slice){"", 0}, &looks[1]);
            add_member(&file, ift_str_slice(&text), &looks[(k + 1) % 7]);
            check_same(ift_str_slice(&file), ift_str_slice(&twice));
            for (int i = 0; i < 1000; i++) ift_str_addc(&file, '\0');
            check_same(ift_str_slice(&file), ift_str_slice(&twice));
            ift_str_clear(&file);
            add_deflated(&file, ift_str_slice(&text), &looks[k]);
            ift_str_add(&file, "trailer!", 8);
            for (size_t i = 0; ift_inflate_nth(i) && sizes[s] < 100000; i++) {
                const struct ift_inflate *const by = ift_inflate_nth(i);
                check_step(by, ift_str_slice(&file), ift_str_slice(&text), 1, 4096);
                check_step(by, ift_str_slice(&file), ift_str_slice(&text), 3, 5);
                check_step(by, ift_str_slice(&file), ift_str_slice(&text), file.n, 70000);
            }
        }
    ift_str_release(&text);
    ift_str_release(&file);
    ift_str_release(&twice);
}

/* As bgzip writes: members of 64 KiB with their length in the header, an empty one last. */
static void test_members(struct ift_rng *r) {
    static const struct look bgzip = {6, Z_DEFAULT_STRATEGY, .extra = true};
    struct ift_str text = {0}, file = {0};
    make_text(r, 0, 3000000, &text);
    for (size_t at = 0; at <= text.n; at += 65280) {
        const size_t n = at + 65280 < text.n ? 65280 : text.n - at;
        add_member(&file, (struct ift_slice){text.p + at, n}, &bgzip);
    }
    add_member(&file, (struct ift_slice){"", 0}, &bgzip);
    check_same(ift_str_slice(&file), ift_str_slice(&text));
    ift_str_clear(&file);
    for (size_t at = 0; at < 5000; at++)
        add_member(&file, (struct ift_slice){text.p + at, 1}, &bgzip);
    check_same(ift_str_slice(&file), (struct ift_slice){text.p, 5000});
    ift_str_release(&text);
    ift_str_release(&file);
}

/* ---- what is wrong ---- */

static void check_message(struct ift_slice file, const char *want) {
    struct ift_str out = {0};
    for (size_t i = 0; ift_inflate_nth(i); i++)
        for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
            struct ift_err err = {0};
            CHECK_INT(read_file(file, pipe_it, ift_inflate_nth(i), &out, &err), -1);
            CHECK_STR(err.text, want);
        }
    ift_str_release(&out);
}

static void check_changed(const struct ift_str *file, size_t at, char to, const char *want) {
    struct ift_str changed = {0};
    ift_str_add(&changed, file->p, file->n);
    changed.p[at] = to;
    check_message(ift_str_slice(&changed), want);
    ift_str_release(&changed);
}

static void test_messages(void) {
    static const struct look plain = {6, 0, .name = false}, marked = {6, 0, .header_crc = true};
    struct ift_str file = {0};
    add_member(&file, ift_slice("hello hello hello\n"), &plain);
    const size_t n = file.n;
    CHECK_INT(n, 29);
    check_changed(&file, 2, 9,
                  "stdin: damaged: a method that gzip has not, in what begins at byte 0");
    check_changed(&file, 3, 0x40,
                  "stdin: damaged: flags that gzip has not, in what begins at byte 0");
    check_changed(&file, 10, 7,
                  "stdin: damaged: compressed data that make no sense, in what begins at byte 0");
    check_changed(&file, n - 8, 0,
                  "stdin: damaged: its checksum is wrong, in what begins at byte 0");
    check_changed(&file, n - 4, 19,
                  "stdin: damaged: its length is wrong, in what begins at byte 0");
    for (size_t cut = 2; cut < n; cut++) {
        char want[100];
        snprintf(want, sizeof want, "stdin: truncated: the compressed data breaks off at byte %zu",
                 cut);
        check_message((struct ift_slice){file.p, cut}, want);
    }
    ift_str_add(&file, "\0\0x", 3);
    static const char after[] =
        "stdin: bytes that belong to nothing after the compressed data, which ends before byte 29";
    check_message(ift_str_slice(&file), after);
    file.n = n;
    ift_str_add(&file, "\x1f\x8c", 2);
    check_message(ift_str_slice(&file), after);
    file.n = n + 1;
    check_message(ift_str_slice(&file), after);
    ift_str_clear(&file);
    add_member(&file, ift_slice("x"), &marked);
    check_changed(&file, 4, 1,
                  "stdin: damaged: the checksum of its header is wrong, in what begins at byte 0");
    ift_str_release(&file);
}

/* Changes bytes or bits, cuts, takes out, puts in: never the file that it was. */
static void damage(struct ift_rng *r, const struct ift_str *file, struct ift_str *out) {
    do {
        ift_str_clear(out);
        ift_str_add(out, file->p, file->n);
        const uint64_t ways = 1 + ift_rng_below(r, 3);
        for (uint64_t i = 0; i < ways && out->n > 2; i++) {
            const size_t at = 2 + ift_rng_below(r, out->n - 2); /* the magic stays */
            const size_t some = 1 + ift_rng_below(r, 9),
                         n = some < out->n - at ? some : out->n - at;
            const uint64_t way = ift_rng_below(r, 6);
            if (way <= 1) out->p[at] ^= (char)(1 << ift_rng_below(r, 8));
            if (way == 2) out->p[at] = (char)ift_rng_u32(r);
            if (way == 3) out->n = at;
            if (way == 4) {
                memmove(out->p + at, out->p + at + n, out->n - at - n);
                out->n -= n;
            }
            if (way == 5) {
                const size_t from = ift_rng_below(r, out->n - n);
                ift_str_reserve(out, n);
                memmove(out->p + at + n, out->p + at, out->n - at);
                memmove(out->p + at, out->p + from, n);
                out->n += n;
            }
        }
    } while (ift_slice_eq(ift_str_slice(file), ift_str_slice(out)));
}

/* A damaged file gives an error, or its text whole; of libraries, all do the same, but that ISA-L
 * may take codes that zlib finds incomplete, when the text has the right length and checksum. */
static void test_damage(struct ift_rng *r, size_t files) {
    struct ift_str text = {0}, file = {0}, bad = {0}, out[3] = {0};
    size_t whole = 0, lax = 0;
    for (size_t i = 0; i < files && check_failures < 10; i++) {
        if (i % 50 == 0) {
            ift_str_clear(&file);
            make_text(r, (int)ift_rng_below(r, 3), ift_rng_below(r, 2500), &text);
            for (uint64_t m = 1 + ift_rng_below(r, 2); m-- > 0;) {
                const struct look how = {(int)ift_rng_below(r, 10),
                                         (int)ift_rng_below(r, 5),
                                         i % 3 == 0,
                                         i % 4 == 0,
                                         i % 5 == 0,
                                         i % 7 == 0,
                                         i % 2 == 0};
                add_member(&file, ift_str_slice(&text), &how);
            }
            struct ift_err err = {0};
            CHECK_OK(read_file(ift_str_slice(&file), false, ift_inflate_nth(0), &text, &err), &err);
        }
        damage(r, &file, &bad);
        int got[3] = {-1, -1, -1};
        struct ift_err err[3] = {0};
        for (size_t k = 0; k < 2 && ift_inflate_nth(k); k++)
            got[k] = read_file(ift_str_slice(&bad), i % 2, ift_inflate_nth(k), &out[k], &err[k]);
        const bool all = got[0] == 0 && ift_slice_eq(ift_str_slice(&out[0]), ift_str_slice(&text));
        const bool lenient = all && got[1] < 0 && ift_inflate_nth(1);
        if (ift_inflate_nth(1) && !lenient) CHECK_INT(got[0], got[1]);
        if (got[0] < 0) CHECK(strncmp(err[0].text, "stdin: ", 7) == 0);
        if (lenient) {
            whole++;
        } else if (got[0] == 0) {
            /* what changes only names, times or a comment, takes out a member, or doubles one */
            const bool half = out[0].n * 2 == text.n && memcmp(out[0].p, text.p, out[0].n) == 0;
            CHECK(all || half || out[0].n == text.n * 2 || out[0].n == 0);
            if (ift_inflate_nth(1))
                CHECK(ift_slice_eq(ift_str_slice(&out[0]), ift_str_slice(&out[1])));
            got[2] = read_file(ift_str_slice(&bad), false, NULL, &out[2], &err[2]);
            CHECK_OK(got[2], &err[2]);
            CHECK(ift_slice_eq(ift_str_slice(&out[0]), ift_str_slice(&out[2])));
            whole++;
        } else {
            lax += read_file(ift_str_slice(&bad), false, NULL, &out[2], &err[2]) == 0;
        }
    }
    fprintf(stderr,
            "%zu damaged files: %zu came out whole, %zu were errors to us and not to libarchive\n",
            files, whole, lax);
    ift_str_release(&text);
    ift_str_release(&file);
    ift_str_release(&bad);
    for (int i = 0; i < 3; i++) ift_str_release(&out[i]);
}

int main(int argc, char **argv) {
    struct ift_rng r = ift_rng(argc > 1 ? strtoull(argv[1], NULL, 10) : 1, 0, 0);
    for (size_t i = 0; ift_inflate_nth(i); i++) {
        CHECK_INT(ift_inflate_nth(i)->crc(0, "123456789", 9), 0xcbf43926);
        fprintf(stderr, "by %s\n", ift_inflate_nth(i)->name);
    }
    test_grid(&r);
    test_members(&r);
    test_messages();
    test_damage(&r, argc > 2 ? strtoull(argv[2], NULL, 10) : 3000);
    return check_done();
}
