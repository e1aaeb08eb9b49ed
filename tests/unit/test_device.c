#include "libcore/tensor/device.h"

#include "tests/unit/check.h"

static const int64_t dim[] = {3, 5};

static void test_open(void) {
    struct ift_err err = {0};
    struct ift_device d;
    char text[200];
    CHECK_INT(ift_device_open(&d, "abacus", 1, &err), -1);
    CHECK(strstr(err.text, "abacus"));
    ift_device_close(&d); /* of what never opened */
    CHECK_INT(ift_device_open(&d, "cpu", -1, &err), -1);
    CHECK(strstr(err.text, "threads"));
    ift_device_close(&d);
    CHECK_OK(ift_device_open(&d, "auto", 1, &err), &err);
    d.backend->describe(d.dev, text, sizeof text);
    CHECK(strstr(text, d.backend->name) == text);
    ift_device_close(&d);
    ift_device_close(&d); /* twice */
}

static void test_tensors(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_operand t, u;
    float in[15], out[15];
    for (int i = 0; i < 15; i++) in[i] = (float)i - 7;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    CHECK_OK(ift_device_tensor(&d, IFT_F32, 2, dim, &t, &err), &err);
    CHECK(t.row == 5 && t.dim[0] == 3 && t.ndim == 2);
    CHECK_INT(ift_operand_count(&t), 15);
    CHECK_INT(ift_operand_bytes(&t), 60);
    CHECK_OK(ift_device_tensor(&d, IFT_F64, 1, dim, &u, &err), &err);
    CHECK_INT(u.row, 1);
    CHECK_INT(d.bytes, 60 + 24);
    ift_device_free(&d, &u);
    CHECK(d.bytes == 60 && d.peak == 84 && u.buf == NULL);
    ift_device_free(&d, &u); /* of nothing */
    CHECK_OK(ift_device_upload(&d, &t, in, &err), &err);
    CHECK_OK(ift_device_download(&d, out, &t, &err), &err);
    CHECK(memcmp(in, out, sizeof in) == 0);
    CHECK_OK(ift_device_zero(&d, &t, &err), &err);
    CHECK_OK(ift_device_sync(&d, &err), &err);
    CHECK_OK(ift_device_download(&d, out, &t, &err), &err);
    for (int i = 0; i < 15; i++) CHECK(out[i] == 0);
    struct ift_operand beyond = t;
    beyond.dim[0] = 4;
    CHECK_INT(ift_device_download(&d, out, &beyond, &err), -1);
    ift_device_free(&d, &t);
    ift_device_close(&d);
}

/* z = 2 x + 1 y on memory of our own, read but never written. */
static void test_wrap(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_operand x, y;
    static _Alignas(64) float host[15];
    float out[15];
    for (int i = 0; i < 15; i++) host[i] = (float)i;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    CHECK_OK(ift_device_wrap(&d, IFT_F32, 2, dim, host, &x, &err), &err);
    CHECK_OK(ift_device_tensor(&d, IFT_F32, 2, dim, &y, &err), &err);
    CHECK_OK(ift_device_zero(&d, &y, &err), &err);
    struct ift_call call = {.op = IFT_OP_AXPBY, .in = {x, y}, .out = {y}, .at.axpby = {2, 1}};
    for (int i = 0; i < 2; i++) CHECK_OK(ift_device_run(&d, &call, 1, &err), &err);
    CHECK_OK(ift_device_download(&d, out, &y, &err), &err);
    for (int i = 0; i < 15; i++) CHECK(out[i] == 4 * (float)i);
    call.out[0] = x;
    CHECK_INT(ift_device_run(&d, &call, 1, &err), -1);
    CHECK(strstr(err.text, "lent for reading"));
    ift_device_free(&d, &x);
    ift_device_free(&d, &y);
    CHECK_INT(d.bytes, 0);
    for (int i = 0; i < 15; i++) CHECK(host[i] == (float)i);
    ift_device_close(&d);
}

static void test_too_large(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_operand t;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    CHECK_INT(ift_device_tensor(&d, IFT_F32, 2, (int64_t[]){INT64_MAX / 4, 5}, &t, &err), -1);
    CHECK(strstr(err.text, "too large"));
    CHECK_INT(ift_device_tensor(&d, IFT_F32, 2, (int64_t[]){(int64_t)1 << 40, 5}, &t, &err), -1);
    CHECK(strstr(err.text, "MiB"));
    CHECK_INT(ift_device_tensor(&d, IFT_F32, 5, dim, &t, &err), -1);
    CHECK_INT(ift_device_tensor(&d, IFT_F32, 1, (int64_t[]){-1}, &t, &err), -1);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

int main(void) {
    test_open();
    test_tensors();
    test_wrap();
    test_too_large();
    return check_done();
}
