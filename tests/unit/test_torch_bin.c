/* torch_bin: what torch.save wrote has the values that torch gives back; everything else is refused
 * and nothing of it done. The files are made by tests/oracle/torch_bin.py. */
#include "libcore/tensor/torch_bin.h"

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/base/str.h"
#include "libcore/tensor/safetensors.h"
#include "tests/unit/check.h"

static void golden(const char *file, struct ift_str *path) {
    const char *const src = getenv("SRC");
    ift_str_clear(path);
    ift_str_addf(path, "%s/tests/golden/torch_bin/%s", src ? src : ".", file);
}

static void same(const char *file) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    struct ift_torch_bin *b = NULL;
    struct ift_safetensors *s = NULL;
    golden("expected.safetensors", &path);
    CHECK_OK(ift_safetensors_open(&s, path.p, &err), &err);
    golden(file, &path);
    CHECK_OK(ift_torch_bin_open(&b, path.p, &err), &err);
    ift_str_release(&path);
    if (!s || !b) exit(1);
    CHECK_INT(ift_torch_bin_count(b), ift_safetensors_count(s));
    for (size_t i = 0; i < ift_torch_bin_count(b); i++) {
        const struct ift_tensor *const t = ift_torch_bin_at(b, i);
        const struct ift_tensor *const want = ift_safetensors_find(s, t->name);
        const bool equal = want && t->dtype == want->dtype && t->ndim == want->ndim &&
                           memcmp(t->dim, want->dim, (size_t)t->ndim * sizeof *t->dim) == 0 &&
                           t->bytes == want->bytes && memcmp(t->data, want->data, t->bytes) == 0;
        if (!equal) fprintf(stderr, "%s: %s differs\n", file, t->name);
        CHECK(equal);
        ift_torch_bin_forget(b, t);
        if (equal) CHECK(memcmp(t->data, want->data, t->bytes) == 0);
    }
    ift_torch_bin_free(b);
    ift_safetensors_free(s);
}

/* ---- files made by hand ---- */

static void put(const char *path, const void *p, size_t n) {
    FILE *const f = fopen(path, "wb");
    CHECK(f && fwrite(p, 1, n, f) == n);
    CHECK(f && fclose(f) == 0);
}

static void add_number(struct ift_str *to, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) ift_str_addc(to, (char)(i < 8 ? value >> 8 * i : 0));
}

/* An archive while it is written; the fields are what may be wrong with it. */
struct archive {
    struct ift_str bytes, lines;
    unsigned members, method, flags;
    size_t skew; /* added to where members are said to be */
    bool wide;   /* say it all in 64 bits */
};

static void add_member(struct archive *a, const char *name, const void *p, size_t n) {
    const size_t at = a->bytes.n + a->skew, length = strlen(name);
    ift_str_adds(&a->bytes, "PK\3\4");
    for (int i = 0; i < 22; i++) ift_str_addc(&a->bytes, 0);
    add_number(&a->bytes, length, 2);
    add_number(&a->bytes, 0, 2);
    ift_str_adds(&a->bytes, name);
    ift_str_add(&a->bytes, p, n);
    ift_str_adds(&a->lines, "PK\1\2");
    add_number(&a->lines, 0, 4);
    add_number(&a->lines, a->flags, 2);
    add_number(&a->lines, a->method, 2);
    add_number(&a->lines, 0, 8);
    add_number(&a->lines, a->wide ? 0xffffffff : n, 4);
    add_number(&a->lines, a->wide ? 0xffffffff : n, 4);
    add_number(&a->lines, length, 2);
    add_number(&a->lines, a->wide ? 4 + 24 : 0, 2);
    add_number(&a->lines, 0, 10);
    add_number(&a->lines, a->wide ? 0xffffffff : at, 4);
    ift_str_adds(&a->lines, name);
    if (a->wide) {
        add_number(&a->lines, 1 | 24 << 16, 4);
        add_number(&a->lines, n, 8);
        add_number(&a->lines, n, 8);
        add_number(&a->lines, at, 8);
    }
    a->members++;
}

static void finish(struct archive *a, const char *path) {
    const size_t at = a->bytes.n, wide_at = at + a->lines.n;
    ift_str_add(&a->bytes, a->lines.p, a->lines.n);
    if (a->wide) {
        ift_str_adds(&a->bytes, "PK\6\6");
        add_number(&a->bytes, 44, 8);
        add_number(&a->bytes, 0, 12);
        add_number(&a->bytes, a->members, 8);
        add_number(&a->bytes, a->members, 8);
        add_number(&a->bytes, a->lines.n, 8);
        add_number(&a->bytes, at, 8);
        ift_str_adds(&a->bytes, "PK\6\7");
        add_number(&a->bytes, 0, 4);
        add_number(&a->bytes, wide_at, 8);
        add_number(&a->bytes, 1, 4);
    }
    ift_str_adds(&a->bytes, "PK\5\6");
    add_number(&a->bytes, 0, 4);
    add_number(&a->bytes, a->wide ? 0xffff : a->members, 2);
    add_number(&a->bytes, a->wide ? 0xffff : a->members, 2);
    add_number(&a->bytes, a->wide ? 0xffffffff : a->lines.n, 4);
    add_number(&a->bytes, a->wide ? 0xffffffff : at, 4);
    add_number(&a->bytes, 0, 2);
    put(path, a->bytes.p, a->bytes.n);
    ift_str_release(&a->bytes);
    ift_str_release(&a->lines);
}

static void opens(const char *path, size_t count) {
    struct ift_err err = {0};
    struct ift_torch_bin *b = NULL;
    CHECK_OK(ift_torch_bin_open(&b, path, &err), &err);
    if (b) CHECK_INT(ift_torch_bin_count(b), count);
    ift_torch_bin_free(b);
}

static void refused(const char *path, const char *because) {
    struct ift_err err = {0};
    struct ift_torch_bin *b = NULL;
    const int rc = ift_torch_bin_open(&b, path, &err);
    if (rc == 0 || !strstr(err.text, because))
        fprintf(stderr, "\"%s\", expected \"%s\"\n", err.text, because);
    CHECK(rc < 0 && strstr(err.text, because));
    if (rc == 0) ift_torch_bin_free(b);
}

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static void write_pickle(const char *path, const char *p, size_t n) {
    struct archive a = {.members = 0};
    add_member(&a, "x/data.pkl", p, n);
    add_member(&a, "x/data/0", numbers, sizeof numbers);
    finish(&a, path);
}

/* {"t": a tensor that these instructions say the offset, size and stride of}. */
#define OPEN          "\x80\2}X\1\0\0\0tctorch._utils\n_rebuild_tensor_v2\n"
#define STORAGE       "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\6tQ"
#define CLOSE         "\x89}tRs."
#define TENSOR(where) OPEN STORAGE where CLOSE

#define REFUSED(pickle, because)                                                                   \
    do {                                                                                           \
        write_pickle("hostile", pickle, sizeof(pickle) - 1);                                       \
        refused("hostile", because);                                                               \
    } while (0)
#define OPENS(pickle, count)                                                                       \
    do {                                                                                           \
        write_pickle("fine", pickle, sizeof(pickle) - 1);                                          \
        opens("fine", count);                                                                      \
    } while (0)

static void pickles(void) {
    OPENS("\x80\2}.", 0);
    OPENS(TENSOR("K\0K\2K\3\x86K\3K\1\x86"), 1);
    OPENS(TENSOR("K\0))"), 1);
    /* Nothing is called. */
    REFUSED("\x80\2cos\nsystem\nX\4\0\0\0exit\x85R.", "asks for os.system: refused, only plain");
    REFUSED("\x80\2cposix\nsystem\n.", "asks for posix.system: refused");
    REFUSED("\x80\2c__builtin__\neval\n.", "asks for __builtin__.eval: refused");
    REFUSED("\x80\2ctorch\nload\n.", "asks for torch.load: refused");
    REFUSED("\x80\2ctorch.cuda\n_rebuild_tensor_v2\n.", "asks for torch.cuda._rebuild");
    REFUSED("\x80\2c\33[2J\nx\n.", "asks for ?[2J.x");
    REFUSED("\x80\2(ios\nsystem\n.", "instruction 0x69");
    REFUSED("\x80\2(cos\n", "cut");
    REFUSED("\x80\2cx", "cut");
    REFUSED("\x80\2\x82\1.", "instruction 0x82");
    REFUSED("\x80\4}.", "protocol 4");
    REFUSED("\x80\2ctorch\nFloatStorage\n)R.", "calls torch.FloatStorage");
    REFUSED("\x80\2ccollections\nOrderedDict\nK\1\x85R.", "calls collections.OrderedDict");
    REFUSED("\x80\2K\1)R.", "no function");
    REFUSED("\x80\2K\1}b.", "no dictionary");
    /* The machine. */
    REFUSED("", "cut");
    REFUSED("\x80\2.", "not there");
    REFUSED("\x80\2(.", "not there");
    REFUSED("\x80\2K\1.", "no dictionary of tensors");
    REFUSED("\x80\2}(K\1u.", "cannot be filled");
    REFUSED("\x80\2]K\1K\2s.", "cannot be filled");
    REFUSED("\x80\2}t.", "mark");
    REFUSED("\x80\2}r\xff\xff\xff\xff.", "too large");
    REFUSED("\x80\2}q\3h\2.", "not remembered");
    REFUSED("\x80\2X\xff\xff\xff\xffx.", "cut");
    REFUSED("\x80\2\x8a\xffx.", "cut");
    REFUSED("\x80\2X\1\0\0\0xQ.", "storage");
    REFUSED("\x80\2}q\0X\1\0\0\0ah\0s.", "no dictionary of tensors"); /* contains itself */
}

static void tensors(void) {
    OPENS(TENSOR("K\5K\1\x85K\1\x85"), 1);
    REFUSED(TENSOR("K\6K\1\x85K\1\x85"), "beyond its storage");
    REFUSED(TENSOR("K\0K\2K\3\x86K\4K\1\x86"), "beyond its storage");
    REFUSED(TENSOR("K\0K\2K\3\x86K\3\x85"), "not known");
    REFUSED(TENSOR("K\0J\xff\xff\xff\xff\x85K\1\x85"), "sizes that are none");
    REFUSED(TENSOR("J\xff\xff\xff\xffK\1\x85K\1\x85"), "not known");
    REFUSED(TENSOR("K\0(K\1K\1K\1K\1K\1t(K\1K\1K\1K\1K\1t"), "four dimensions");
    /* Sizes and strides whose products do not fit, and copies that would fill the memory. */
    REFUSED(TENSOR("K\0\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85K\1\x85"), "beyond");
    REFUSED(TENSOR("K\0K\3\x85\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"), "beyond");
    REFUSED(TENSOR("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f)"
                   ")"),
            "beyond");
    REFUSED(TENSOR("K\0J\0\0\0\x40J\0\0\0\x10\x86K\0K\0\x86"), "spread out");
    REFUSED(TENSOR("K\0J\0\0\0\x01\x85K\0\x85"), "spread out");
    OPENS(TENSOR("K\0K\1K\2\x86\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\2\x86"), 1);
    OPENS(TENSOR("K\0K\0J\0\0\0\x40\x86K\0K\0\x86"), 1);
    /* Storages that are not there, or not of numbers that we know. */
    REFUSED(OPEN "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0001X\3\0\0\0cpuK\6tQ"
                 "K\0K\1\x85K\1\x85" CLOSE,
            "no storage \"1\"");
    REFUSED(OPEN "((X\7\0\0\0storagectorch\nDoubleStorage\nX\1\0\0\0000X\3\0\0\0cpuK\6tQ"
                 "K\0K\1\x85K\1\x85" CLOSE,
            "is cut");
    REFUSED(OPEN "((X\7\0\0\0storagectorch\nComplexFloatStorage\n", "ComplexFloatStorage");
    REFUSED(OPEN "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\6K\1tQ.",
            "view of a storage");
}

static void archives(void) {
    static const char pickle[] = TENSOR("K\0K\2K\3\x86K\3K\1\x86");
    const size_t n = sizeof pickle - 1;
    struct archive a = {.wide = true};
    add_member(&a, "x/data.pkl", pickle, n);
    add_member(&a, "x/data/0", numbers, sizeof numbers);
    add_member(&a, "x/byteorder", "little", 6);
    finish(&a, "wide");
    opens("wide", 1);
    a = (struct archive){.members = 0};
    add_member(&a, "x/data.pkl", pickle, n);
    add_member(&a, "x/byteorder", "big", 3);
    finish(&a, "big");
    refused("big", "byte order");
    a = (struct archive){.members = 0};
    add_member(&a, "x/data.pkl", pickle, n);
    add_member(&a, "x/data.pkl", pickle, n);
    finish(&a, "twice");
    refused("twice", "twice");
    a = (struct archive){.members = 0};
    add_member(&a, "x/data.pkl", pickle, n);
    add_member(&a, "x/constants.pkl", pickle, n);
    finish(&a, "script");
    refused("script", "TorchScript");
    a = (struct archive){.members = 0};
    add_member(&a, "x/y/data.pkl", pickle, n);
    finish(&a, "other");
    refused("other", "without data.pkl");
    a = (struct archive){.method = 8};
    add_member(&a, "x/data.pkl", pickle, n);
    finish(&a, "deflated");
    refused("deflated", "compressed");
    a = (struct archive){.flags = 1};
    add_member(&a, "x/data.pkl", pickle, n);
    finish(&a, "secret");
    refused("secret", "encrypted");
    a = (struct archive){.skew = 1000};
    add_member(&a, "x/data.pkl", pickle, n);
    finish(&a, "away");
    refused("away", "not where");
    /* One member within another: its header is among the bytes of the first. */
    struct archive inner = {.members = 0};
    add_member(&inner, "x/data.pkl", pickle, n);
    a = (struct archive){.members = 1};
    add_member(&a, "x/data/0", inner.bytes.p, inner.bytes.n);
    ift_str_add(&a.lines, inner.lines.p, inner.lines.n);
    a.lines.p[a.lines.n - 10 - 4] = 30 + 8; /* its place */
    finish(&a, "within");
    refused("within", "overlap");
    ift_str_release(&inner.bytes);
    ift_str_release(&inner.lines);
    put("pointer", "version https://git-lfs.github.com/spec/v1\n", 43);
    refused("pointer", "git lfs pull");
    put("empty", "", 0);
    refused("empty", "not a file of torch.save");
    refused(".", "no regular file");
    refused("nowhere", "No such file");
}

/* Millions of brackets, and a dictionary that mentions another very often. */
static void bombs(void) {
    struct ift_str s = {0};
    ift_str_adds(&s, "\x80\2");
    for (int i = 0; i < 3000000; i++) ift_str_addc(&s, '(');
    write_pickle("marks", s.p, s.n);
    refused("marks", "cut");
    ift_str_clear(&s);
    ift_str_adds(&s, "\x80\2)");
    for (int i = 0; i < 3000000; i++) ift_str_addc(&s, '\x85');
    ift_str_addc(&s, '.');
    write_pickle("deep", s.p, s.n);
    refused("deep", "no dictionary of tensors");
    ift_str_clear(&s);
    ift_str_adds(&s, "\x80\2}(");
    for (int i = 0; i < 300000; i++) ift_str_adds(&s, "NN");
    ift_str_adds(&s, "uq");
    ift_str_addc(&s, 0);
    ift_str_adds(&s, "}(");
    for (int i = 0; i < 300000; i++) ift_str_add(&s, "Nh\0", 3);
    ift_str_adds(&s, "u.");
    write_pickle("often", s.p, s.n);
    refused("often", "no dictionary of tensors");
    ift_str_release(&s);
}

/* Cut anywhere, a file is refused; with bytes changed, it is refused or read within its bounds. */
static void damaged(const char *file) {
    struct ift_err err = {0};
    struct ift_str path = {0}, whole = {0};
    golden(file, &path);
    FILE *const f = fopen(path.p, "rb");
    char block[1 << 16];
    CHECK(f);
    if (f) ift_str_add(&whole, block, fread(block, 1, sizeof block, f));
    if (f) fclose(f);
    for (size_t n = 0; n < whole.n; n += 7) {
        struct ift_torch_bin *b = NULL;
        put("cut", whole.p, n);
        CHECK(ift_torch_bin_open(&b, "cut", &err) < 0 && err.text[0]);
    }
    struct ift_rng r = ift_rng(5, 0, 0);
    FILE *const sink = fopen("/dev/null", "wb");
    for (int round = 0; round < 2000; round++) {
        struct ift_torch_bin *b = NULL;
        char *const p = memcpy(ift_alloc(whole.n), whole.p, whole.n);
        for (uint64_t k = 1 + ift_rng_below(&r, 3); k; k--)
            p[ift_rng_below(&r, whole.n)] = (char)ift_rng_u32(&r);
        put("damaged", p, whole.n);
        free(p);
        if (ift_torch_bin_open(&b, "damaged", &err) < 0) continue;
        for (size_t i = 0; i < ift_torch_bin_count(b); i++) {
            const struct ift_tensor *const t = ift_torch_bin_at(b, i);
            if (sink && t->bytes) CHECK_INT(fwrite(t->data, 1, t->bytes, sink), t->bytes);
        }
        ift_torch_bin_free(b);
    }
    if (sink) fclose(sink);
    ift_str_release(&path);
    ift_str_release(&whole);
}

int main(void) {
    same("plain.bin");
    same("legacy.bin");
    same("wrapped.bin");
    pickles();
    tensors();
    archives();
    bombs();
    damaged("plain.bin");
    damaged("legacy.bin");
    return check_done();
}
