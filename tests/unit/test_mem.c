/* Host memory: growth, copies, and what an arena promises. */
#include <stdint.h>

#include "libcore/base/mem.h"
#include "tests/unit/check.h"

static void test_arrays(void) {
    int *p = NULL;
    size_t cap = 0;
    size_t moves = 0;
    for (size_t i = 0; i < 100000; i++) {
        const size_t before = cap;
        p = ift_grow(p, i + 1, &cap, sizeof *p);
        moves += cap != before;
        p[i] = (int)i;
    }
    CHECK(cap >= 100000);
    CHECK(moves < 20); /* doubling */
    for (int i = 0; i < 100000; i++) CHECK(p[i] == i);
    free(p);

    const unsigned char *zero = ift_alloc0(1000, 3);
    for (int i = 0; i < 3000; i++) CHECK(zero[i] == 0);
    free((void *)zero);
    free(ift_alloc(0));
    free(ift_alloc0(0, 8));
    free(ift_realloc(NULL, 0, 8));
}

static void test_copies(void) {
    char *s = ift_strdup("one");
    CHECK_STR(s, "one");
    free(s);
    CHECK(ift_strdup(NULL) == NULL);
    s = ift_strndup("onetwo", 3);
    CHECK_STR(s, "one");
    free(s);
    s = ift_strndup(NULL, 0);
    CHECK_STR(s, "");
    free(s);
}

static void test_arena(void) {
    struct ift_arena a = {0};
    enum { N = 2000 };
    char *p[N];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            const size_t size = i * 7 % 300 + (i % 500 == 499 ? 100000 : 0);
            p[i] = ift_arena_alloc(&a, size);
            CHECK((uintptr_t)p[i] % 16 == 0);
            memset(p[i], (int)(i % 251), size);
        }
        for (size_t i = 0; i < N; i++) { /* nothing overlaps */
            const size_t size = i * 7 % 300 + (i % 500 == 499 ? 100000 : 0);
            for (size_t j = 0; j < size; j++) CHECK((unsigned char)p[i][j] == i % 251);
        }
        CHECK_STR(ift_arena_strndup(&a, "word and more", 4), "word");
        ift_arena_reset(&a);
    }
    ift_arena_release(&a);
    CHECK_STR(ift_arena_strndup(&a, "again", 5), "again");
    ift_arena_release(&a);
    ift_arena_release(&a);
}

int main(void) {
    test_arrays();
    test_copies();
    test_arena();
    return check_done();
}
