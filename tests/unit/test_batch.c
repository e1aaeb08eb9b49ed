/* Rows become the arrays of a forward: positions, segments and targets never cross a document. */
#include "libcore/model/batch.h"
#include "tests/unit/check.h"

static const int32_t id[] = {10, 11, 12, 13, 20, 21, 30, 31, 32};
static const uint8_t learn[] = {1, 0, 1, 0, 1, 1, 0, 0, 0};
static const uint32_t doc[] = {4, 2, 3};
static const struct ift_row row = {id, learn, 9, doc, 3};
static struct ift_err err;

static void check_i32(const char *what, const int32_t *got, const int32_t *want, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (got[i] != want[i]) fprintf(stderr, "%s[%zu]:\n", what, i);
        CHECK_INT(got[i], want[i]);
    }
}

static void whole_rows(void) {
    struct ift_batch b = {.capacity = 9};
    size_t next = 0;
    CHECK_INT(ift_batch_row(&b, &row, 7, &next, &err), 1);
    CHECK_INT(b.tokens, 9);
    CHECK_INT(b.docs, 3);
    CHECK_INT(b.learned, 2);
    CHECK_INT(b.pairs, 10 + 3 + 6);
    check_i32("id", b.id, id, 9);
    check_i32("position", b.position, (const int32_t[]){0, 1, 2, 3, 0, 1, 0, 1, 2}, 9);
    check_i32("target", b.target, (const int32_t[]){-1, 12, -1, -1, 21, -1, -1, -1, -1}, 9);
    check_i32("segment", b.segment,
              (const int32_t[]){0, 4, 0, 4, 0, 4, 2, 4, 2, 0, 6, 3, 6, 3, 0}, 15);
    CHECK_INT(b.doc[2].row, 7);
    CHECK_INT(b.doc[2].begin, 6);
    CHECK_INT(b.doc[2].at, 6);
    CHECK_INT(b.doc[2].n, 3);
    ift_batch_release(&b);
}

static void trimmed(void) {
    struct ift_batch b = {.capacity = 100, .trim = true};
    size_t next = 0;
    CHECK_INT(ift_batch_row(&b, &row, 0, &next, &err), 1);
    CHECK_INT(b.tokens, 3); /* 10 11 | 20; nothing of the third */
    CHECK_INT(b.docs, 2);
    CHECK_INT(b.learned, 2);
    check_i32("id", b.id, (const int32_t[]){10, 11, 20}, 3);
    check_i32("target", b.target, (const int32_t[]){-1, 12, 21}, 3);
    ift_batch_release(&b);
}

static void cut_at_documents(void) {
    struct ift_batch b = {.capacity = 5};
    size_t next = 0;
    CHECK_INT(ift_batch_row(&b, &row, 0, &next, &err), 0);
    CHECK_INT(b.tokens, 4);
    ift_batch_clear(&b);
    CHECK_INT(ift_batch_row(&b, &row, 0, &next, &err), 1);
    CHECK_INT(b.tokens, 5);
    CHECK_INT(b.doc[0].begin, 4);
    check_i32("segment", b.segment, (const int32_t[]){0, 2, 0, 2, 0, 2, 3, 2, 3, 0}, 10);

    ift_batch_clear(&b);
    b.capacity = 1; /* longer than the capacity: taken alone */
    next = 0;
    int batches = 0;
    while (ift_batch_row(&b, &row, 0, &next, &err) == 0) {
        CHECK_INT(b.docs, 1);
        ift_batch_clear(&b);
        batches++;
    }
    CHECK_INT(b.docs, 1);
    CHECK_INT(batches, 2);
    ift_batch_release(&b);
}

static void counts(void) {
    CHECK_INT(ift_batch_length(NULL, 5, true, 0), 4);
    CHECK_INT(ift_batch_length(NULL, 1, true, 0), 0);
    CHECK_INT(ift_batch_length(learn, 1, true, 0), 0); /* a first token is never predicted */
    CHECK_INT(ift_batch_length(learn, 9, false, 0), 9);
    CHECK_INT(ift_batch_targets(learn, 4), 1);
    CHECK_INT(ift_batch_targets(NULL, 4), 3);

    struct ift_batch b = {.capacity = 8};
    const struct ift_place plain = {.turn = IFT_NO_TURN};
    ift_batch_add(&b, &plain, id, NULL, 3, 0, 0); /* no marks: every token is learned */
    check_i32("target", b.target, (const int32_t[]){11, 12, -1}, 3);
    ift_batch_release(&b);
}

int main(void) {
    whole_rows();
    trimmed();
    cut_at_documents();
    counts();
    return check_done();
}
