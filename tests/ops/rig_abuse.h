/* rig_abuse.h: calls that a backend must refuse, saying why: each operand of a good one spoiled. */
#ifndef RIG_ABUSE_H
#define RIG_ABUSE_H

#include "tests/ops/rig.h"

static inline void rig_refused(struct rig *r, const struct ift_call *c, const char *how, int slot) {
    char why[IFT_WHY] = "";
    if (r->be->run(r->stream, c, 1, why) == 0) {
        fprintf(stderr, "%s: operand %d: %s is accepted\n", ift_op_name(c->op), slot, how);
        check_failures++;
    } else if (why[0] == 0 || strlen(why) >= IFT_WHY) {
        fprintf(stderr, "%s: operand %d: %s is refused without a reason\n", ift_op_name(c->op),
                slot, how);
        check_failures++;
    }
}

/* The call without its scratch, and with less. */
static inline void rig_abuse_scratch(struct rig *r, const struct ift_call *good) {
    struct ift_call bad = *good;
    bad.scratch.buf = NULL;
    rig_refused(r, &bad, "no scratch", -1);
    bad = *good;
    bad.scratch.offset = 64;
    rig_refused(r, &bad, "short scratch", -1);
}

/* Spoils each operand of a good call in turn. `may`: bit i set when input i, or output i -
 * IFT_MAX_IN, may be absent. */
static inline void rig_abuse(struct rig *r, const struct ift_call *good, unsigned may) {
    struct ift_call c = *good;
    struct ift_buf *scratch = rig_scratch(r, &c), *lent = NULL;
    if (scratch) rig_abuse_scratch(r, &c);
    for (int i = 0; i < IFT_MAX_IN + IFT_MAX_OUT; i++) {
        struct ift_call bad = c;
        struct ift_operand *o = i < IFT_MAX_IN ? &bad.in[i] : &bad.out[i - IFT_MAX_IN];
        if (!o->buf) {
            if (may >> i & 1) continue;
            *o = c.in[0];
            rig_refused(r, &bad, "an operand too many", i);
            continue;
        }
        const struct ift_operand was = *o;
        if (!(may >> i & 1)) {
            o->buf = NULL;
            rig_refused(r, &bad, "nothing", i);
        }
        *o = was, o->dtype = was.dtype == IFT_I64 ? IFT_U8 : IFT_I64;
        rig_refused(r, &bad, "another type", i);
        *o = was, o->dtype = (enum ift_dtype)99;
        rig_refused(r, &bad, "no type", i);
        *o = was, o->dim[0]++;
        rig_refused(r, &bad, "one row more", i);
        *o = was, o->dim[0] = -1;
        rig_refused(r, &bad, "-1 rows", i);
        *o = was, o->dim[0] = INT64_MAX / 2;
        rig_refused(r, &bad, "2^62 rows", i);
        *o = was, o->ndim = 9;
        rig_refused(r, &bad, "9 dimensions", i);
        *o = was, o->ndim = 0;
        rig_refused(r, &bad, "no dimension", i);
        *o = was, o->offset += ift_dtype_size(was.dtype);
        rig_refused(r, &bad, "an offset too far", i);
        *o = was, o->offset = SIZE_MAX - 7;
        rig_refused(r, &bad, "an offset beyond reason", i);
        *o = was, o->row = was.ndim == 1 ? 2 : -1;
        if (was.ndim == 1 || was.dim[0] > 1) rig_refused(r, &bad, "a wrong stride", i);
        if (was.ndim > 1) {
            *o = was, o->dim[1]++, o->row++;
            rig_refused(r, &bad, "one column more", i);
        }
        if (i < IFT_MAX_IN || !r->be->wrap) continue;
        static const char host[1 << 16];
        char why[IFT_WHY];
        *o = was;
        if (r->be->wrap(r->dev, host, sizeof host, &lent, why) == 0) {
            o->buf = lent;
            rig_refused(r, &bad, "memory lent for reading as output", i);
        }
        r->be->free(r->dev, lent);
    }
    r->be->free(r->dev, scratch);
}

#endif
