#include "kernels/cpu/operand.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const dtype_name[IFT_DTYPES] = {"f32", "f16", "bf16", "f64", "i64",
                                                   "i32", "i16", "i8",   "u8",  "bool"};

int ift_call_fail(const struct ift_call *c, char *why, const char *fmt, ...) {
    const int n = snprintf(why, IFT_WHY, "%s: ", ift_op_name(c->op));
    va_list args;
    va_start(args, fmt);
    vsnprintf(why + n, IFT_WHY - (size_t)n, fmt, args);
    va_end(args);
    return -1;
}

/* "(3, 4)" */
static const char *shape_text(char *text, size_t size, int ndim, const int64_t *dim) {
    size_t n = 0;
    for (int i = 0; i < ndim && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%lld", i ? ", " : "(", (long long)dim[i]);
    if (n < size) snprintf(text + n, size - n, ")");
    return text;
}

/* Bytes from the operand's first to past its last element; -1 when that does not fit an int64_t. */
static int64_t extent(const struct ift_operand *o) {
    int64_t inner = 1, n;
    for (int i = 1; i < o->ndim; i++)
        if (__builtin_mul_overflow(inner, o->dim[i], &inner)) return -1;
    if (o->dim[0] == 0 || inner == 0) return 0;
    if (__builtin_mul_overflow(o->dim[0] - 1, o->row, &n) || __builtin_add_overflow(n, inner, &n) ||
        __builtin_mul_overflow(n, (int64_t)ift_dtype_size(o->dtype), &n))
        return -1;
    return n;
}

static int check_one(const struct ift_call *c, const struct ift_want *w, char *why) {
    const struct ift_operand *o = w->operand;
    if (!o->buf) {
        if (w->how & IFT_MAY) return 0;
        return ift_call_fail(c, why, "%s is absent", w->name);
    }
    const bool half = o->dtype == IFT_F16 || o->dtype == IFT_BF16;
    if (o->dtype != w->dtype && !(half && w->how & IFT_HALF)) {
        const char *has =
            (unsigned)o->dtype < IFT_DTYPES ? dtype_name[o->dtype] : "of no known type";
        return ift_call_fail(c, why, "%s is %s, must be %s%s", w->name, has, dtype_name[w->dtype],
                             w->how & IFT_HALF ? ", f16 or bf16" : "");
    }
    if (w->ndim < 1 || w->ndim > IFT_MAX_DIMS || o->ndim != w->ndim)
        return ift_call_fail(c, why, "%s has %d dimensions, must have %d", w->name, o->ndim,
                             w->ndim);
    for (int i = 0; i < o->ndim; i++)
        if (o->dim[i] < 0 || o->dim[i] != w->dim[i]) {
            char has[96], must[96];
            return ift_call_fail(c, why, "%s is %s, must be %s", w->name,
                                 shape_text(has, sizeof has, o->ndim, o->dim),
                                 shape_text(must, sizeof must, w->ndim, w->dim));
        }
    const int64_t bytes = extent(o);
    if (o->ndim == 1 ? o->row != 1 : o->dim[0] > 1 && o->row < ift_row_size(o))
        return ift_call_fail(c, why, "rows of %s lie %lld elements apart, too few", w->name,
                             (long long)o->row);
    if (bytes < 0 || o->offset > o->buf->size || (size_t)bytes > o->buf->size - o->offset)
        return ift_call_fail(c, why, "%s reaches past the end of its buffer of %zu bytes", w->name,
                             o->buf->size);
    if (o->offset % ift_dtype_size(o->dtype))
        return ift_call_fail(c, why, "%s starts at byte %zu, within an element", w->name,
                             o->offset);
    if ((w->how & IFT_WRITES) && o->buf->wrapped)
        return ift_call_fail(c, why, "%s would be written to memory that is only lent for reading",
                             w->name);
    return 0;
}

static int check_unlisted(const struct ift_call *c, const struct ift_operand *operands, int n,
                          const struct ift_want *want, int count, const char *kind, char *why) {
    for (int i = 0; i < n; i++) {
        int known = operands[i].buf == NULL;
        for (int j = 0; j < count && !known; j++) known = want[j].operand == &operands[i];
        if (!known) return ift_call_fail(c, why, "%s %d is given, but the op has none", kind, i);
    }
    return 0;
}

int ift_operands_check(const struct ift_call *c, const struct ift_want *want, int count,
                       char *why) {
    for (int i = 0; i < count; i++)
        if (check_one(c, &want[i], why) < 0) return -1;
    if (check_unlisted(c, c->in, IFT_MAX_IN, want, count, "input", why) < 0) return -1;
    return check_unlisted(c, c->out, IFT_MAX_OUT, want, count, "output", why);
}

struct ift_want ift_want_like(const struct ift_operand *operand, const char *name,
                              enum ift_dtype dtype, int how, const struct ift_operand *like) {
    struct ift_want w = {.operand = operand,
                         .name = name,
                         .dtype = dtype,
                         .how = how,
                         .ndim = like->ndim};
    for (int i = 0; i < IFT_MAX_DIMS && i < like->ndim; i++) w.dim[i] = like->dim[i];
    return w;
}

int ift_ids_check(const struct ift_call *c, const struct ift_operand *ids, const char *name,
                  int64_t low, int64_t high, char *why) {
    const int32_t *id = ift_i32(ids);
    for (int64_t i = 0; i < ids->dim[0]; i++)
        if (id[i] < low || id[i] >= high)
            return ift_call_fail(c, why, "%s[%lld] is %d, must be in %lld .. %lld", name,
                                 (long long)i, id[i], (long long)low, (long long)high - 1);
    return 0;
}

int ift_scratch_check(const struct ift_call *c, size_t need, char *why) {
    const struct ift_operand *s = &c->scratch;
    if (need == 0) return 0;
    if (!s->buf || s->offset > s->buf->size || s->buf->size - s->offset < need)
        return ift_call_fail(c, why, "needs %zu bytes of scratch", need);
    if (s->offset % 64 || s->buf->wrapped)
        return ift_call_fail(c, why,
                             "scratch must be writable and start at a multiple of 64 bytes");
    return 0;
}

struct ift_walk ift_walk_of(const struct ift_operand *const *operands, int count) {
    const struct ift_operand *o = operands[0];
    struct ift_walk w = {.rows = o->dim[0], .width = ift_row_size(o), .dense = true};
    for (int i = 0; i < count; i++)
        if (operands[i]->buf && operands[i]->dim[0] > 1 && operands[i]->row != w.width)
            w.dense = false;
    if (w.dense) {
        w.width *= w.rows;
        w.rows = w.width > 0;
    }
    w.per_row = (w.width + IFT_PIECE - 1) / IFT_PIECE;
    w.pieces = w.rows * w.per_row;
    if (w.per_row == 0) w.per_row = 1;
    return w;
}
