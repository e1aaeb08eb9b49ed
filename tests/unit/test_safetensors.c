/* safetensors: files round trip byte for byte, hostile headers are refused. */
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/base/str.h"
#include "libcore/tensor/safetensors.h"
#include "tests/unit/check.h"

static void put(const char *path, const void *p, size_t n) {
    FILE *const f = fopen(path, "wb");
    CHECK(f && fwrite(p, 1, n, f) == n);
    CHECK(f && fclose(f) == 0);
}

static void get(const char *path, struct ift_str *out) {
    FILE *const f = fopen(path, "rb");
    char block[4096];
    ift_str_clear(out);
    for (size_t n; f && (n = fread(block, 1, sizeof block, f)) > 0;) ift_str_add(out, block, n);
    if (f) fclose(f);
}

/* A file of this header and `bytes` bytes of data. */
static void put_header(const char *path, const char *header, size_t bytes) {
    struct ift_str s = {0};
    const size_t n = strlen(header);
    for (int i = 0; i < 8; i++) ift_str_addc(&s, (char)(n >> 8 * i));
    ift_str_add(&s, header, n);
    for (size_t i = 0; i < bytes; i++) ift_str_addc(&s, (char)i);
    put(path, s.p, s.n);
    ift_str_release(&s);
}

static void refused(const char *header, size_t bytes, const char *because) {
    struct ift_err err = {0};
    struct ift_safetensors *s = NULL;
    put_header("hostile", header, bytes);
    const int rc = ift_safetensors_open(&s, "hostile", &err);
    if (rc == 0 || !strstr(err.text, because))
        fprintf(stderr, "%s: \"%s\", expected \"%s\"\n", header, err.text, because);
    CHECK(rc < 0 && strstr(err.text, because));
    if (rc == 0) ift_safetensors_free(s);
}

static void accepted(const char *header, size_t bytes, size_t count) {
    struct ift_err err = {0};
    struct ift_safetensors *s = NULL;
    put_header("fine", header, bytes);
    CHECK_OK(ift_safetensors_open(&s, "fine", &err), &err);
    if (s) CHECK_INT(ift_safetensors_count(s), count);
    ift_safetensors_free(s);
}

#define T(dtype, shape, from, to)                                                                  \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"

static void headers(void) {
    accepted("{}", 0, 0);
    accepted("{\"__metadata__\":{}}   ", 0, 0);
    accepted("{\"a\":" T("F32", "[2]", 0, 8) "}", 8, 1);
    accepted("{\"b\":" T("F32", "[]", 4, 8) ",\"a\":" T("I8", "[4]", 0, 4) "}", 8, 2);
    accepted("{\"e\":" T("F32", "[0,9]", 4, 4) ",\"a\":" T("BF16", "[2,1]", 0, 4) "}", 4, 2);
    accepted("{\"e\":" T("F64", "[0]", 0, 0) "}", 0, 1);

    refused("", 0, "header");
    refused("[]", 0, "not an object");
    refused("{", 0, "header");
    refused("{\"a\":1}", 0, "not described");
    refused("{\"a\":" T("F32", "[2]", 0, 8) "}", 7, "cut");
    refused("{\"a\":" T("F32", "[2]", 0, 8) "}", 9, "behind the last");
    refused("{\"a\":" T("F32", "[2]", 4, 12) "}", 12, "gap");
    refused("{\"a\":" T("F32", "[2]", 0, 8) ",\"b\":" T("F32", "[2]", 4, 12) "}", 12, "overlaps");
    refused("{\"a\":" T("F32", "[2]", 0, 8) ",\"b\":" T("F32", "[2]", 0, 8) "}", 8, "overlaps");
    refused("{\"a\":" T("F32", "[1]", 0, 4) ",\"a\":" T("F32", "[1]", 4, 8) "}", 8, "twice");
    refused("{\"a\":" T("F32", "[3]", 0, 8) "}", 8, "does not fill");
    refused("{\"a\":" T("F32", "[2]", 8, 0) "}", 8, "lies at");
    refused("{\"a\":" T("F32", "[-2]", 0, 8) "}", 8, "shape");
    refused("{\"a\":" T("F32", "[2.5]", 0, 8) "}", 8, "shape");
    refused("{\"a\":" T("F32", "[1,1,1,1,2]", 0, 8) "}", 8, "shape");
    refused("{\"a\":" T("F32", "2", 0, 8) "}", 8, "shape");
    refused("{\"a\":" T("F8_E4M3", "[8]", 0, 8) "}", 8, "F8_E4M3");
    refused("{\"a\":" T("f32", "[2]", 0, 8) "}", 8, "dtype");
    /* Products that wrap around: 2^62 * 4 floats, 2^33 * 2^31 + …, zero times huge. */
    refused("{\"a\":" T("F32", "[4611686018427387904,4]", 0, 0) "}", 0, "does not fill");
    refused("{\"a\":" T("U8", "[8589934592,2147483648]", 0, 0) "}", 0, "does not fill");
    refused("{\"a\":" T("F32", "[0,9223372036854775807,9223372036854775807]", 0, 0) "}", 0,
            "does not fill");
    refused("{\"a\":" T("F32", "[2]", 0, 18446744073709551615) "}", 8, "data_offsets");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8,
            "data_offsets");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "data_offsets");
    refused("{\"a\\u0000b\":" T("F32", "[2]", 0, 8) "}", 8, "NUL");
    refused("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__");
    refused("{\"__metadata__\":[]}", 0, "__metadata__");
}

static void lengths(void) {
    struct ift_err err = {0};
    struct ift_safetensors *s = NULL;
    static const unsigned char huge[10] = {255, 255, 255, 255, 255, 255, 255, 127, '{', '}'};
    static const unsigned char beyond[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    put("empty", "", 0);
    CHECK(ift_safetensors_open(&s, "empty", &err) < 0);
    put("seven", beyond, 7);
    CHECK(ift_safetensors_open(&s, "seven", &err) < 0);
    put("huge", huge, sizeof huge);
    CHECK(ift_safetensors_open(&s, "huge", &err) < 0);
    put("beyond", beyond, sizeof beyond);
    CHECK(ift_safetensors_open(&s, "beyond", &err) < 0);
    CHECK(ift_safetensors_open(&s, "no/such", &err) < 0);
    CHECK(ift_safetensors_open(&s, ".", &err) < 0);
}

/* Bytes that the library itself wrote for these tensors and {"format": "pt"}: sorted by dtype, then
 * name. */
static void order(void) {
    static const char want[] =
        "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_"
        "offsets\":[0,8]},\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[8,24]},\"f\":{"
        "\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[24,24]},\"sc\":{\"dtype\":\"F32\","
        "\"shape\":[],\"data_offsets\":[24,28]},\"i32\":{\"dtype\":\"I32\",\"shape\":[1],\"data_"
        "offsets\":[28,32]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[32,36]},"
        "\"z\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[36,40]},\"i16\":{\"dtype\":"
        "\"I16\",\"shape\":[1],\"data_offsets\":[40,42]},\"i8\":{\"dtype\":\"I8\",\"shape\":[1],"
        "\"data_offsets\":[42,43]},\"u8\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[43,44]"
        "},\"bo\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[44,45]}}";
    static const unsigned char zeros[64];
    const struct ift_tensor t[] = {
        {"z", IFT_F16, 1, {2}, zeros, 4},    {"b", IFT_BF16, 1, {2}, zeros, 4},
        {"a", IFT_I64, 1, {1}, zeros, 8},    {"d", IFT_F64, 1, {2}, zeros, 16},
        {"f", IFT_F32, 2, {0, 3}, zeros, 0}, {"sc", IFT_F32, 0, {0}, zeros, 4},
        {"u8", IFT_U8, 1, {1}, zeros, 1},    {"bo", IFT_BOOL, 1, {1}, zeros, 1},
        {"i8", IFT_I8, 1, {1}, zeros, 1},    {"i16", IFT_I16, 1, {1}, zeros, 2},
        {"i32", IFT_I32, 1, {1}, zeros, 4},
    };
    struct ift_err err = {0};
    struct ift_str text = {0};
    CHECK_OK(ift_safetensors_write("order", t, sizeof t / sizeof *t, NULL, 0, &err), &err);
    get("order", &text);
    const size_t padded = (sizeof want - 1 + 7) / 8 * 8;
    CHECK_INT(text.n, 8 + padded + 45);
    CHECK_INT((unsigned char)text.p[0] | (unsigned char)text.p[1] << 8, padded);
    CHECK(memcmp(text.p + 8, want, sizeof want - 1) == 0);
    for (size_t i = sizeof want - 1; i < padded; i++) CHECK_INT(text.p[8 + i], ' ');
    ift_str_release(&text);

    const struct ift_tensor twice[] = {t[0], t[0]};
    CHECK(ift_safetensors_write("bad", twice, 2, NULL, 0, &err) < 0);
    CHECK(access("bad", F_OK) != 0);
    const struct ift_tensor lies = {"x", IFT_F32, 1, {3}, zeros, 8};
    CHECK(ift_safetensors_write("bad", &lies, 1, NULL, 0, &err) < 0);
}

/* Random tensors come back as they went, and a copy made of what was read is the same file. */
static void round_trip(void) {
    struct ift_err err = {0};
    struct ift_rng r = ift_rng(5, 0, 0);
    enum { N = 40 };
    struct ift_tensor t[N];
    static unsigned char data[N][600];
    static char name[N][24];
    for (int i = 0; i < N; i++) {
        t[i] = (struct ift_tensor){.name = name[i], .data = data[i]};
        snprintf(name[i], sizeof name[i], "t%u.\"\\\n%d", ift_rng_u32(&r) % 1000, i);
        t[i].dtype = (enum ift_dtype)ift_rng_below(&r, IFT_DTYPES);
        t[i].ndim = (int)ift_rng_below(&r, IFT_MAX_DIMS + 1);
        for (int d = 0; d < t[i].ndim; d++) t[i].dim[d] = (int64_t)ift_rng_below(&r, 4);
        t[i].bytes = (size_t)ift_shape_count(t[i].ndim, t[i].dim) * ift_dtype_size(t[i].dtype);
        for (size_t k = 0; k < sizeof data[i]; k++) data[i][k] = (unsigned char)ift_rng_u32(&r);
        CHECK(t[i].bytes <= sizeof data[i]);
    }
    const struct ift_safetensors_pair pair = {"recipe", "[{\"tool\":\"x\"}]"};
    CHECK_OK(ift_safetensors_write("trip", t, N, &pair, 1, &err), &err);
    struct ift_safetensors *s = NULL;
    CHECK_OK(ift_safetensors_open(&s, "trip", &err), &err);
    if (!s) return;
    CHECK_INT(ift_safetensors_count(s), N);
    CHECK(!ift_safetensors_find(s, "none"));
    struct ift_tensor copy[N];
    for (int i = 0; i < N; i++) {
        const struct ift_tensor *const f = ift_safetensors_find(s, name[i]);
        CHECK(f && f->dtype == t[i].dtype && f->ndim == t[i].ndim && f->bytes == t[i].bytes);
        CHECK(f && memcmp(f->dim, t[i].dim, (size_t)f->ndim * sizeof *f->dim) == 0);
        CHECK(f && memcmp(f->data, t[i].data, f->bytes) == 0);
        copy[i] = *ift_safetensors_at(s, (size_t)i);
    }
    CHECK_OK(ift_safetensors_write("trip2", copy, N, &pair, 1, &err), &err);
    struct ift_str a = {0}, b = {0};
    get("trip", &a);
    get("trip2", &b);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    static const char metadata[] =
        "{\"__metadata__\":{\"format\":\"pt\",\"recipe\":\"[{\\\"tool\\\":\\\"x\\\"}]\"},";
    CHECK(memcmp(a.p + 8, metadata, strlen(metadata)) == 0);
    /* Every truncation is refused. */
    for (size_t n = 0; n < a.n; n += n < 64 ? 1 : 37) {
        struct ift_safetensors *cut = NULL;
        put("cut", a.p, n);
        CHECK(ift_safetensors_open(&cut, "cut", &err) < 0);
    }
    ift_str_release(&a);
    ift_str_release(&b);
    ift_safetensors_free(s);
}

/* A valid file with random damage either opens, all tensors inside the mapping, or is refused. */
static void damage(void) {
    static const char marks[] = "{}[]:,\"0123456789-eE.\\u \0F";
    struct ift_rng r = ift_rng(9, 0, 0);
    struct ift_str whole = {0};
    get("trip", &whole);
    size_t opened = 0;
    for (int i = 0; i < 3000; i++) {
        struct ift_err err = {0};
        struct ift_safetensors *s = NULL;
        char *const p = ift_strndup(whole.p, whole.n);
        const size_t header = (unsigned char)p[0] + 256 * (size_t)(unsigned char)p[1];
        for (uint64_t n = 1 + ift_rng_below(&r, 3); n; n--) {
            const bool text = ift_rng_below(&r, 8) != 0;
            const size_t at = text ? 8 + ift_rng_below(&r, header) : ift_rng_below(&r, 8);
            p[at] = text ? marks[ift_rng_below(&r, sizeof marks)] : (char)ift_rng_u32(&r);
        }
        put("damaged", p, whole.n);
        if (ift_safetensors_open(&s, "damaged", &err) == 0) {
            unsigned sum = 0;
            for (size_t k = 0; k < ift_safetensors_count(s); k++) {
                const struct ift_tensor *const t = ift_safetensors_at(s, k);
                for (size_t b = 0; b < t->bytes; b++) sum += ((const unsigned char *)t->data)[b];
            }
            CHECK(sum > 0);
            opened++;
        } else {
            CHECK(err.text[0]);
        }
        ift_safetensors_free(s);
        free(p);
    }
    CHECK(opened > 0 && opened < 3000);
    ift_str_release(&whole);
}

/* Every half and bfloat16 pattern survives the way to f32 and back, and rounding is to nearest
 * even. */
static void conversions(void) {
    struct ift_err err = {0};
    for (unsigned i = 0; i < 65536; i++) {
        const uint16_t h = (uint16_t)i;
        const enum ift_dtype type[] = {IFT_F16, IFT_BF16};
        for (int k = 0; k < 2; k++) {
            float x;
            uint16_t back;
            CHECK_OK(ift_to_f32(&x, &h, type[k], 1, &err), &err);
            CHECK_OK(ift_from_f32(&back, type[k], &x, 1, &err), &err);
            if (isnan(x))
                CHECK(back != 0 && (back & 0x7fff) > (k ? 0x7f80 : 0x7c00));
            else
                CHECK_INT(back, h);
            if (check_failures) return;
        }
        /* A value between two halves goes to the nearer, a tie to the even one. */
        if ((i & 0x7fff) >= 0x7bff) continue;
        float a, b;
        const uint16_t up = (uint16_t)(i + 1);
        CHECK_OK(ift_to_f32(&a, &h, IFT_F16, 1, &err), &err);
        CHECK_OK(ift_to_f32(&b, &up, IFT_F16, 1, &err), &err);
        const float tie = (a + b) / 2, near_a = nextafterf(tie, a), near_b = nextafterf(tie, b);
        uint16_t r[3];
        CHECK_OK(ift_from_f32(r, IFT_F16, (const float[]){near_a, tie, near_b}, 3, &err), &err);
        CHECK_INT(r[0], h);
        CHECK_INT(r[1], i % 2 ? up : h);
        CHECK_INT(r[2], up);
    }
    uint16_t r[4];
    const float edge[] = {65519.99f, 65520.0f, 1e30f, -INFINITY};
    CHECK_OK(ift_from_f32(r, IFT_F16, edge, 4, &err), &err);
    CHECK_INT(r[0], 0x7bff);
    CHECK_INT(r[1], 0x7c00);
    CHECK_INT(r[2], 0x7c00);
    CHECK_INT(r[3], 0xfc00);
    CHECK(ift_from_f32(r, IFT_I32, edge, 1, &err) < 0);
    CHECK(ift_to_f32(&(float){0}, r, IFT_I32, 1, &err) < 0);
}

int main(void) {
    headers();
    lengths();
    order();
    round_trip();
    damage();
    conversions();
    return check_done();
}
