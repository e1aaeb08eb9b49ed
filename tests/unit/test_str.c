/* Growing text, strict numbers, counts for people, edit distance. */
#include <limits.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "tests/unit/check.h"

static void test_building(void) {
    struct ift_str s = {0};
    CHECK(s.p == NULL);
    for (int i = 0; i < 1000; i++) ift_str_addf(&s, "%d,", i);
    CHECK_INT(s.n, 3890);
    CHECK_INT(s.p[s.n], 0);
    CHECK(strncmp(s.p, "0,1,2,", 6) == 0);
    CHECK_STR(s.p + s.n - 8, "998,999,");

    ift_str_clear(&s);
    CHECK_STR(s.p, "");
    ift_str_add(&s, "a\0b", 3);
    ift_str_addc(&s, 'c');
    ift_str_adds(&s, "");
    CHECK_INT(s.n, 4);
    CHECK(memcmp(s.p, "a\0bc", 5) == 0);
    CHECK(ift_slice_eq(ift_str_slice(&s), (struct ift_slice){"a\0bc", 4}));

    /* Exactly as long as the room that is left, one less, one more. */
    for (size_t n = 60; n < 70; n++) {
        struct ift_str t = {0};
        char text[80];
        memset(text, 'x', n);
        text[n] = '\0';
        ift_str_addf(&t, "%s", text);
        CHECK_STR(t.p, text);
        ift_str_release(&t);
    }
    char *end = ift_str_reserve(&s, 3);
    end[0] = end[1] = end[2] = 'z';
    s.n += 3;
    CHECK_INT(s.n, 7);

    char *taken = ift_str_take(&s);
    CHECK(memcmp(taken, "a\0bczzz", 7) == 0);
    CHECK(s.p == NULL && s.n == 0);
    free(taken);
    taken = ift_str_take(&s); /* of nothing: an empty text */
    CHECK_STR(taken, "");
    free(taken);
    ift_str_release(&s);
}

static void test_slices(void) {
    CHECK(ift_slice_is(ift_slice("abc"), "abc"));
    CHECK(!ift_slice_is(ift_slice("abc"), "ab"));
    CHECK(!ift_slice_is(ift_slice("ab"), "abc"));
    CHECK(!ift_slice_is((struct ift_slice){"a\0b", 3}, "a"));
    CHECK(ift_slice_is((struct ift_slice){NULL, 0}, ""));
}

static void check_count(double count, const char *want) {
    struct ift_str s = {0};
    ift_str_add_count(&s, count);
    CHECK_STR(s.p, want);
    ift_str_release(&s);
}

static void test_counts(void) {
    check_count(0, "0");
    check_count(7, "7");
    check_count(0.25, "0.25");
    check_count(12.34, "12.3");
    check_count(999, "999");
    check_count(999.6, "1.00k");
    check_count(1000, "1.00k");
    check_count(9994, "9.99k");
    check_count(9996, "10.0k");
    check_count(12345, "12.3k");
    check_count(99960, "100k");
    check_count(999499, "999k");
    check_count(999500, "1.00M");
    check_count(4560000, "4.56M");
    check_count(7e9, "7.00G");
    check_count(1.5e12, "1.50T");
    check_count(-12345, "-12.3k");
    check_count(1e21, "1000E");
}

static void check_i64(const char *text, bool ok, long long want) {
    long long v = 77;
    if (ift_parse_i64(ift_slice(text), &v) != ok) {
        fprintf(stderr, "ift_parse_i64 \"%s\" is not %d\n", text, ok);
        check_failures++;
    }
    CHECK_INT(v, ok ? want : 77);
}

static void check_f64(const char *text, bool ok, double want) {
    double v = 77;
    if (ift_parse_f64(ift_slice(text), &v) != ok) {
        fprintf(stderr, "ift_parse_f64 \"%s\" is not %d\n", text, ok);
        check_failures++;
    }
    CHECK(v == (ok ? want : 77));
}

static void test_numbers(void) {
    check_i64("0", true, 0);
    check_i64("-0", true, 0);
    check_i64("0017", true, 17);
    check_i64("9223372036854775807", true, LLONG_MAX);
    check_i64("-9223372036854775808", true, LLONG_MIN);
    static const char *const not_whole[] = {
        "", "-", "+1", " 1", "1 ", "1a", "0x10", "1.0", "1e3", "--1",
        "9223372036854775808", "-9223372036854775809", "99999999999999999999999",
    };
    for (size_t i = 0; i < sizeof not_whole / sizeof *not_whole; i++) {
        check_i64(not_whole[i], false, 0);
    }
    check_f64("0", true, 0);
    check_f64("-2.5", true, -2.5);
    check_f64(".5", true, 0.5);
    check_f64("5.", true, 5);
    check_f64("1e-4", true, 1e-4);
    check_f64("1E+4", true, 1e4);
    check_f64("1e-400", true, 0);
    check_f64("0.1", true, 0.1);
    static const char *const not_real[] = {
        "", ".", "-", "e5", "1e", "1e+", "+1", " 1", "1 ", "nan", "inf", "-inf", "0x1p3", "1,5",
        "1.2.3", "1e5.0", "1e400",
    };
    for (size_t i = 0; i < sizeof not_real / sizeof *not_real; i++) {
        check_f64(not_real[i], false, 0);
    }
    long long v = 0;
    CHECK(!ift_parse_i64((struct ift_slice){"1\0", 2}, &v));
    CHECK(ift_parse_i64((struct ift_slice){"123", 2}, &v) && v == 12);
}

static size_t distance(const char *a, const char *b) {
    return ift_edit_distance(ift_slice(a), ift_slice(b));
}

static void test_distance(void) {
    CHECK_INT(distance("", ""), 0);
    CHECK_INT(distance("", "abc"), 3);
    CHECK_INT(distance("abc", ""), 3);
    CHECK_INT(distance("form", "from"), 1);
    CHECK_INT(distance("lenght", "length"), 1);
    CHECK_INT(distance("kitten", "sitting"), 3);
    CHECK_INT(distance("keepgoing", "keep-going"), 1);
    CHECK_INT(distance("ca", "abc"), 3); /* a swapped pair is not edited again */
    CHECK_INT(distance("abcd", "badc"), 2);
}

int main(void) {
    test_building();
    test_slices();
    test_counts();
    test_numbers();
    test_distance();
    return check_done();
}
