#include "libcore/train/state.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/tensor/safetensors.h"

enum { PIECE = 1 << 18, PARTS = 3 }; /* floats brought over at once; tensors of a parameter */

static const char *const prefix[PARTS] = {"", "m.", "v."};

static const struct ift_operand *part(const struct ift_optim_param *p, int i) {
    const struct ift_operand *const of[PARTS] = {&p->value, &p->m, &p->v};
    return of[i];
}

static void add_header(struct ift_str *h, const struct ift_optim *o) {
    size_t at = 0;
    struct ift_str name = {0};
    ift_str_adds(h, "{\"__metadata__\":{\"format\":\"ift\"}");
    for (int i = 0; i < PARTS; i++) {
        for (size_t k = 0; k < ift_optim_count(o); k++) {
            const struct ift_optim_param *p = ift_optim_at(o, k);
            const struct ift_operand *t = part(p, i);
            ift_str_clear(&name);
            ift_str_addf(&name, "%s%s", prefix[i], p->name);
            ift_str_addc(h, ',');
            ift_json_quote(h, name.p, name.n);
            ift_str_adds(h, ":{\"dtype\":\"F32\",\"shape\":[");
            for (int j = 0; j < t->ndim; j++)
                ift_str_addf(h, "%s%lld", j ? "," : "", (long long)t->dim[j]);
            ift_str_addf(h, "],\"data_offsets\":[%zu,%zu]}", at, at + ift_operand_bytes(t));
            at += ift_operand_bytes(t);
        }
    }
    ift_str_addc(h, '}');
    while (h->n % 8) ift_str_addc(h, ' ');
    ift_str_release(&name);
}

/* A file being written together with the digest of what goes into it. */
struct sink {
    struct ift_out *out;
    struct ift_hasher *hash;
    struct ift_device *d;
    float *piece; /* (PIECE) */
};

static int put(struct sink *s, const void *p, size_t n, struct ift_err *err) {
    ift_hasher_add(s->hash, p, n);
    return ift_out_write(s->out, p, n, err);
}

static int put_tensor(struct sink *s, const struct ift_operand *t, struct ift_err *err) {
    const int64_t count = ift_operand_count(t);
    struct ift_operand piece = *t;
    piece.ndim = 1;
    piece.row = 1;
    for (int64_t at = 0; at < count; at += PIECE) {
        piece.dim[0] = count - at < PIECE ? count - at : PIECE;
        piece.offset = t->offset + (size_t)at * sizeof(float);
        IFT_TRY(ift_device_download(s->d, s->piece, &piece, err));
        IFT_TRY(put(s, s->piece, (size_t)piece.dim[0] * sizeof(float), err));
    }
    return 0;
}

static int put_all(struct sink *s, const struct ift_optim *o, struct ift_err *err) {
    struct ift_str header = {0};
    add_header(&header, o);
    const uint64_t n = header.n; /* little-endian, like every machine this runs on */
    const int rc = put(s, &n, sizeof n, err) < 0 ? -1 : put(s, header.p, header.n, err);
    ift_str_release(&header);
    IFT_TRY(rc);
    for (int i = 0; i < PARTS; i++)
        for (size_t k = 0; k < ift_optim_count(o); k++)
            IFT_TRY(put_tensor(s, part(ift_optim_at(o, k), i), err));
    return 0;
}

int ift_state_write(const char *path, const struct ift_optim *o, struct ift_device *d, uint64_t *digest,
                    struct ift_err *err) {
    struct sink s = {.d = d};
    IFT_TRY(ift_out_open(&s.out, path, err));
    s.hash = ift_hasher_new();
    s.piece = ift_alloc(PIECE * sizeof *s.piece);
    int rc = put_all(&s, o, err);
    if (rc == 0)
        rc = ift_out_close(s.out, err);
    else
        ift_out_abandon(s.out);
    *digest = ift_hasher_value(s.hash);
    ift_hasher_free(s.hash);
    free(s.piece);
    return rc;
}

static int read_tensor(const struct ift_safetensors *file, const char *name,
                       const struct ift_operand *t, struct ift_device *d, struct ift_err *err) {
    const struct ift_tensor *from = ift_safetensors_find(file, name);
    if (!from) return IFT_FAIL(err, "tensor \"%s\" is missing", name);
    if (from->dtype != t->dtype || from->ndim != t->ndim ||
        memcmp(from->dim, t->dim, (size_t)t->ndim * sizeof *t->dim) != 0)
        return IFT_FAIL(err, "tensor \"%s\" has another shape or type", name);
    return ift_device_upload(d, t, from->data, err);
}

int ift_state_read(const char *path, const struct ift_optim *o, struct ift_device *d,
                   struct ift_err *err) {
    struct ift_safetensors *file = NULL;
    IFT_TRY(ift_safetensors_open(&file, path, err));
    struct ift_str name = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < PARTS * ift_optim_count(o); i++) {
        const struct ift_optim_param *p = ift_optim_at(o, i / PARTS);
        ift_str_clear(&name);
        ift_str_addf(&name, "%s%s", prefix[i % PARTS], p->name);
        rc = read_tensor(file, name.p, part(p, (int)(i % PARTS)), d, err);
        if (rc < 0) ift_fail_in(err, "%s", path);
    }
    ift_str_release(&name);
    ift_safetensors_free(file);
    return rc;
}
