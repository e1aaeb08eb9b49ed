/* Pieces of export: blocks as ggml's own quantization makes them, archives that our reader of
 * torch's files reads back. What whole files are worth is told by tests/cli/export. */
#include <unistd.h>

#include "libcore/quant/q8_0.h"
#include "libcore/tensor/torch_bin.h"
#include "tests/unit/check.h"

/* Made by gguf 0.19: quants.quantize of the numbers below, as Q8_0. */
static const unsigned char golden[3 * IFT_Q8_0_BYTES] = {
    51,  43, 129, 223, 61,  154, 248, 86,  180, 18,  112, 205, 43,  137, 231, 69,  162,
    0,   94, 187, 25,  119, 213, 51,  144, 238, 76,  170, 8,   102, 195, 33,  127, 220,
    0,   0,  0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,  0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   60, 129, 137, 145, 153, 161, 169, 177, 185, 192, 200, 208, 216, 224, 232, 240,
    248, 0,  8,   16,  24,  32,  40,  48,  56,  64,  71,  79,  87,  95,  103, 111, 119,
};

static void blocks(void) {
    float x[96];
    unsigned char got[sizeof golden];
    for (int i = 0; i < 96; i++) {
        x[i] = (float)(i * 37 % 101 - 50) / 7;
        if (i >= 32) x[i] = 0;
        if (i >= 64) x[i] = (float)(i - 80) / 2 * 127 / 8; /* halves between bytes, both signs */
    }
    ift_q8_0_encode(got, x, 96);
    for (size_t i = 0; i < sizeof golden; i++) CHECK_INT(got[i], golden[i]);
    const float odd[32] = {INFINITY, -INFINITY, NAN, 1};
    ift_q8_0_encode(got, odd, 32); /* some bytes, and no trap */
}

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    (void)self;
    if (strcmp(t->name, "refused") == 0) return IFT_FAIL(err, "not lent");
    *data = "abcdefgh";
    return 0;
}

static void archives(void) {
    struct ift_err err = {0};
    const float row[6] = {1, -2, 3.5f, 0, 1e-9f, 6};
    const struct ift_tensor t[] = {
        {.name = "rows", .dtype = IFT_F32, .ndim = 2, .dim = {2, 3}, .data = row, .bytes = 24},
        {.name = "none", .dtype = IFT_F16, .ndim = 2, .dim = {0, 7}, .data = row, .bytes = 0},
        {.name = "lent", .dtype = IFT_BF16, .ndim = 1, .dim = {4}, .bytes = 8},
        {.name = "one", .dtype = IFT_I64, .ndim = 0, .data = row, .bytes = 8},
        {.name = "refused", .dtype = IFT_U8, .ndim = 1, .dim = {8}, .bytes = 8},
    };
    const struct ift_tensor_lender lender = {NULL, lend};
    struct ift_torch_bin *b = NULL;
    CHECK_OK(ift_torch_bin_write_from("a.pth", t, 4, &lender, &err), &err);
    CHECK_OK(ift_torch_bin_open(&b, "a.pth", &err), &err);
    if (b) CHECK_INT(ift_torch_bin_count(b), 4);
    for (size_t i = 0; b && i < ift_torch_bin_count(b); i++) {
        const struct ift_tensor *const got = ift_torch_bin_at(b, i);
        CHECK_STR(got->name, t[i].name);
        CHECK_INT(got->dtype, t[i].dtype);
        CHECK_INT(got->ndim, t[i].ndim);
        CHECK_INT(got->bytes, t[i].bytes);
        CHECK(memcmp(got->dim, t[i].dim, (size_t)t[i].ndim * sizeof *t[i].dim) == 0);
        CHECK(!t[i].bytes ||
              memcmp(got->data, t[i].data ? t[i].data : "abcdefgh", t[i].bytes) == 0);
        CHECK(!t[i].bytes || (uintptr_t)got->data % 64 == 0);
    }
    ift_torch_bin_free(b);
    CHECK(ift_torch_bin_write_from("b.pth", t, 5, &lender, &err) < 0);
    CHECK_STR(err.text, "not lent");
    CHECK(access("b.pth", F_OK) != 0);
    const struct ift_tensor wrong = {.name = "w", .dtype = IFT_F32, .ndim = 1, .dim = {3}};
    CHECK(ift_torch_bin_write_from("b.pth", &wrong, 1, &lender, &err) < 0);
}

int main(void) {
    blocks();
    archives();
    return check_done();
}
