#include "libcore/export/gguf_write.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"

enum { VERSION = 3, ALIGN = 32, TYPE_BOOL = 7, TYPE_ARRAY = 9 };

/* ggml's numbers of the encodings. */
static const uint32_t encodings[IFT_ENCODINGS] =
    {[IFT_AS_F32] = 0, [IFT_AS_F16] = 1, [IFT_AS_BF16] = 30, [IFT_AS_Q8_0] = 8};

struct ift_gguf {
    struct ift_str keys, tensors; /* as they will stand in the file */
    uint64_t nkeys, at;           /* where the next tensor goes in the data */
    size_t *bytes, n, cap;        /* of each tensor */
};

static void add(struct ift_str *out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) ift_str_addc(out, (char)(value >> 8 * i));
}

static void add_text(struct ift_str *out, struct ift_slice text) {
    add(out, text.n, 8);
    ift_str_add(out, text.p, text.n);
}

static void add_f32(struct ift_str *out, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    add(out, bits, 4);
}

static void add_key(struct ift_gguf *g, const char *key, uint32_t type) {
    add_text(&g->keys, ift_slice(key));
    add(&g->keys, type, 4);
    g->nkeys++;
}

struct ift_gguf *ift_gguf_new(void) {
    return ift_alloc0(1, sizeof(struct ift_gguf));
}

void ift_gguf_free(struct ift_gguf *g) {
    if (!g) return;
    ift_str_release(&g->keys);
    ift_str_release(&g->tensors);
    free(g->bytes);
    free(g);
}

void ift_gguf_add_u32(struct ift_gguf *g, const char *key, uint32_t value) {
    add_key(g, key, IFT_GGUF_U32);
    add(&g->keys, value, 4);
}

void ift_gguf_add_f32(struct ift_gguf *g, const char *key, double value) {
    add_key(g, key, IFT_GGUF_F32);
    add_f32(&g->keys, (float)value);
}

void ift_gguf_add_bool(struct ift_gguf *g, const char *key, bool value) {
    add_key(g, key, TYPE_BOOL);
    add(&g->keys, value, 1);
}

void ift_gguf_add_text(struct ift_gguf *g, const char *key, struct ift_slice value) {
    add_key(g, key, IFT_GGUF_TEXT);
    add_text(&g->keys, value);
}

void ift_gguf_add_array(struct ift_gguf *g, const char *key, enum ift_gguf_type type, size_t n) {
    add_key(g, key, TYPE_ARRAY);
    add(&g->keys, type, 4);
    add(&g->keys, n, 8);
}

void ift_gguf_item_i32(struct ift_gguf *g, int32_t value) {
    add(&g->keys, (uint32_t)value, 4);
}

void ift_gguf_item_f32(struct ift_gguf *g, float value) {
    add_f32(&g->keys, value);
}

void ift_gguf_item_text(struct ift_gguf *g, struct ift_slice value) {
    add_text(&g->keys, value);
}

static uint64_t padded(uint64_t n) {
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

void ift_gguf_add_tensor(struct ift_gguf *g, const char *name, enum ift_encoding as, int ndim,
                         const int64_t *dim, size_t bytes) {
    add_text(&g->tensors, ift_slice(name));
    add(&g->tensors, (uint64_t)ndim, 4);
    for (int i = ndim; i-- > 0;) add(&g->tensors, (uint64_t)dim[i], 8);
    add(&g->tensors, encodings[as], 4);
    add(&g->tensors, g->at, 8);
    g->at += padded(bytes);
    g->bytes = ift_grow(g->bytes, g->n + 1, &g->cap, sizeof *g->bytes);
    g->bytes[g->n++] = bytes;
}

static int write_padding(struct ift_out *out, uint64_t at, struct ift_err *err) {
    static const char zeros[ALIGN];
    return ift_out_write(out, zeros, (size_t)(padded(at) - at), err);
}

static int write_all(const struct ift_gguf *g, struct ift_out *out, ift_gguf_lend *lend, void *self,
                     struct ift_err *err) {
    struct ift_str head = {0};
    ift_str_adds(&head, "GGUF");
    add(&head, VERSION, 4);
    add(&head, g->n, 8);
    add(&head, g->nkeys, 8);
    int rc = ift_out_write(out, head.p, head.n, err);
    const uint64_t end = head.n + g->keys.n + g->tensors.n;
    ift_str_release(&head);
    if (rc == 0) rc = ift_out_write(out, g->keys.p, g->keys.n, err);
    if (rc == 0) rc = ift_out_write(out, g->tensors.p, g->tensors.n, err);
    if (rc == 0) rc = write_padding(out, end, err);
    for (size_t i = 0; rc == 0 && i < g->n; i++) {
        const void *data;
        rc = lend(self, i, &data, err);
        if (rc == 0) rc = ift_out_write(out, data, g->bytes[i], err);
        if (rc == 0) rc = write_padding(out, g->bytes[i], err);
    }
    return rc;
}

int ift_gguf_write(const struct ift_gguf *g, const char *path, ift_gguf_lend *lend, void *self,
                   struct ift_err *err) {
    struct ift_out *out;
    IFT_TRY(ift_out_open(&out, path, err));
    if (write_all(g, out, lend, self, err) == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return -1;
}
