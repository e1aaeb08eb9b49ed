#include "libcore/infer/cache.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

struct ift_cache {
    struct ift_exec *x;
    const struct ift_graph *g;
    struct ift_device *d;
    ift_val *state; /* (n) */
    struct ift_operand *at;
    size_t n;
    int64_t lanes, length;
};

bool ift_cache_is_state(const struct ift_value *v) {
    return v->role == IFT_STATE && strncmp(v->name, "cache.", 6) == 0;
}

struct ift_cache *ift_cache_new(struct ift_exec *x, const struct ift_graph *g,
                                struct ift_device *d) {
    struct ift_cache *const c = ift_alloc0(1, sizeof *c);
    const size_t values = ift_graph_values(g);
    c->x = x;
    c->g = g;
    c->d = d;
    c->state = ift_alloc0(values, sizeof *c->state);
    for (size_t i = 1; i <= values; i++)
        if (ift_cache_is_state(ift_graph_value(g, (ift_val)i))) c->state[c->n++] = (ift_val)i;
    c->at = ift_alloc0(c->n, sizeof *c->at);
    return c;
}

void ift_cache_free(struct ift_cache *c) {
    if (!c) return;
    for (size_t i = 0; i < c->n; i++) ift_device_free(c->d, &c->at[i]);
    free(c->state);
    free(c->at);
    free(c);
}

int64_t ift_cache_lane(const struct ift_cache *c, int64_t lane) {
    return lane * c->length;
}

static struct ift_operand rows(const struct ift_operand *t, int64_t from, int64_t n) {
    struct ift_operand part = *t;
    part.offset += (size_t)(from * t->row) * ift_dtype_size(t->dtype);
    part.dim[0] = n;
    return part;
}

/* Lanes of `length` rows of what had lanes of c->length; the rest is zero. */
static int widen(const struct ift_cache *c, const struct ift_operand *from,
                 const struct ift_operand *to, int64_t length, struct ift_err *err) {
    IFT_TRY(ift_device_zero(c->d, to, err));
    if (!from->buf) return 0;
    char *const host = ift_alloc(ift_operand_bytes(from));
    const size_t lane = ift_operand_bytes(from) / (size_t)c->lanes;
    int rc = ift_device_download(c->d, host, from, err);
    for (int64_t i = 0; rc == 0 && i < c->lanes; i++) {
        const struct ift_operand part = rows(to, i * length, c->length);
        rc = ift_device_upload(c->d, &part, host + (size_t)i * lane, err);
    }
    free(host);
    return rc;
}

static int grow(struct ift_cache *c, size_t i, int64_t lanes, int64_t length, struct ift_err *err) {
    const struct ift_value *const v = ift_graph_value(c->g, c->state[i]);
    const int64_t dim[] = {lanes * length, v->dim[1]};
    struct ift_operand to;
    IFT_TRY(ift_device_tensor(c->d, v->dtype, v->ndim, dim, &to, err));
    if (widen(c, &c->at[i], &to, length, err) < 0 ||
        ift_exec_bind(c->x, c->state[i], &to, err) < 0) {
        ift_device_free(c->d, &to);
        return -1;
    }
    ift_device_free(c->d, &c->at[i]);
    c->at[i] = to;
    return 0;
}

int ift_cache_fit(struct ift_cache *c, int64_t lanes, int64_t length, bool *grown,
                  struct ift_err *err) {
    *grown = lanes > c->lanes || length > c->length;
    if (!*grown) return 0;
    if (lanes < c->lanes) lanes = c->lanes;
    if (length < c->length) length = c->length;
    for (size_t i = 0; i < c->n; i++) IFT_TRY(grow(c, i, lanes, length, err));
    c->lanes = lanes;
    c->length = length;
    return 0;
}
