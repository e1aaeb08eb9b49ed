/* Bytes of Thrift's compact protocol that end at any place are told from wrong ones, so that a
 * reader of headers knows to fetch more. */
#include "libcore/io/thrift.h"
#include "tests/unit/check.h"

/* A struct of a long text, a list, a set, a map, numbers and a struct in the struct. */
static size_t write_struct(unsigned char *p) {
    size_t n = 0;
    p[n++] = 0x18; /* field 1: 200 bytes, whose length takes two */
    p[n++] = 0xc8;
    p[n++] = 0x01;
    for (int i = 0; i < 200; i++) p[n++] = 'x';
    p[n++] = 0x19; /* field 2: 20 numbers */
    p[n++] = 0xf5;
    p[n++] = 20;
    for (int i = 0; i < 20; i++) p[n++] = 0x02;
    p[n++] = 0x1a; /* field 3: two booleans */
    p[n++] = 0x21;
    p[n++] = 1;
    p[n++] = 2;
    p[n++] = 0x1b; /* field 4: one text to one double */
    p[n++] = 1;
    p[n++] = 0x87;
    p[n++] = 1;
    p[n++] = 'k';
    for (int i = 0; i < 8; i++) p[n++] = 0;
    p[n++] = 0x1c; /* field 5: a struct of a number of two bytes */
    p[n++] = 0x16;
    p[n++] = 0x80;
    p[n++] = 0x01;
    p[n++] = 0;
    p[n++] = 0;
    return n;
}

static struct ift_thrift skip_all(const unsigned char *p, size_t n) {
    struct ift_thrift t = {.p = p, .end = p + n};
    struct ift_thrift_field f = {0};
    while (ift_thrift_field(&t, &f)) ift_thrift_skip(&t, f.type);
    return t;
}

static void test_cut(void) {
    unsigned char bytes[300];
    const size_t all = write_struct(bytes);
    const struct ift_thrift whole = skip_all(bytes, all);
    CHECK(!whole.failed && whole.p == bytes + all);
    for (size_t n = 0; n < all; n++) {
        const struct ift_thrift t = skip_all(bytes, n);
        if (!t.failed || !t.cut) fprintf(stderr, "cut to %zu of %zu bytes\n", n, all);
        CHECK(t.failed && t.cut);
    }
}

static void test_wrong(void) {
    static const unsigned char type[] = {0x1e, 0}, varint[] = {0x16, 255, 255, 255, 255, 255, 255,
                                                               255,  255, 255, 255, 255, 1,   0};
    const struct ift_thrift t = skip_all(type, sizeof type), u = skip_all(varint, sizeof varint);
    CHECK(t.failed && !t.cut);
    CHECK(u.failed && !u.cut);
}

int main(void) {
    test_cut();
    test_wrong();
    return check_done();
}
