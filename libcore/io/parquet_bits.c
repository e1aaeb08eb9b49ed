#include "libcore/io/parquet_bits.h"

#include <string.h>

#include "libcore/io/thrift.h"

/* Eight bytes, lowest first. */
static uint64_t eight(const unsigned char *p, const unsigned char *end) {
    unsigned char b[8] = {0};
    if (end - p >= 8)
        memcpy(b, p, 8);
    else if (p < end)
        memcpy(b, p, (size_t)(end - p));
    uint64_t v;
    memcpy(&v, b, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* `width` bits from bit number `bit` of [p, end), lowest first; what lies behind end is 0. */
static uint64_t take_bits(const unsigned char *p, const unsigned char *end, uint64_t bit,
                          unsigned width) {
    if (width == 0 || bit / 8 >= (uint64_t)(end - p)) return 0;
    const unsigned char *const at = p + bit / 8;
    const unsigned shift = bit % 8;
    uint64_t v = eight(at, end) >> shift;
    if (shift + width > 64 && end - at > 8) v |= (uint64_t)at[8] << (64 - shift);
    return width == 64 ? v : v & (((uint64_t)1 << width) - 1);
}

/* ---- runs ---- */

void ift_parquet_runs_begin(struct ift_parquet_runs *r, const unsigned char *p, size_t n,
                            unsigned width) {
    *r = (struct ift_parquet_runs){.p = p, .end = p + n, .width = width};
}

/* Begins the run that comes next. False at the end of the bytes. */
static bool next_run(struct ift_parquet_runs *r) {
    struct ift_thrift t = {.p = r->p, .end = r->end};
    const uint64_t header = ift_thrift_varint(&t);
    if (t.failed || header >> 1 > UINT32_MAX) return false;
    const size_t have = (size_t)(t.end - t.p);
    r->packed = header & 1;
    r->left = header >> 1;
    if (r->packed) {
        const uint64_t need = r->left * r->width;
        const size_t n = need < have ? (size_t)need : have;
        r->left *= 8;
        /* The last run may lack what only fills it up. */
        if (n < need) r->left = (uint64_t)n * 8 / r->width;
        r->bits = t.p;
        r->bits_end = r->p = t.p + n;
        r->bit = 0;
        return true;
    }
    const size_t bytes = (r->width + 7) / 8;
    if (bytes > have) return false;
    r->value = (uint32_t)take_bits(t.p, t.p + bytes, 0, r->width);
    r->p = t.p + bytes;
    return true;
}

size_t ift_parquet_runs_read(struct ift_parquet_runs *r, uint32_t *value, size_t n) {
    size_t done = 0;
    while (done < n) {
        if (r->left == 0) {
            if (!next_run(r)) break;
            continue;
        }
        const size_t k = r->left < n - done ? (size_t)r->left : n - done;
        if (r->packed) {
            for (size_t i = 0; i < k; i++, r->bit += r->width)
                value[done + i] = (uint32_t)take_bits(r->bits, r->bits_end, r->bit, r->width);
        } else {
            for (size_t i = 0; i < k; i++) value[done + i] = r->value;
        }
        r->left -= k;
        done += k;
    }
    return done;
}

/* ---- differences ---- */

bool ift_parquet_delta_begin(struct ift_parquet_delta *d, const unsigned char *p, size_t n) {
    struct ift_thrift t = {.p = p, .end = p + n};
    const uint64_t block = ift_thrift_varint(&t), minis = ift_thrift_varint(&t);
    *d = (struct ift_parquet_delta){.end = t.end, .minis = minis, .mini = minis};
    d->left = ift_thrift_varint(&t);
    d->value = ift_thrift_zigzag(&t);
    d->p = t.p;
    if (t.failed || minis == 0 || block % minis != 0 || block > UINT32_MAX) return false;
    d->mini_size = block / minis;
    return d->mini_size > 0 && d->mini_size % 8 == 0 && d->left <= INT32_MAX;
}

static bool next_mini(struct ift_parquet_delta *d) {
    if (d->mini == d->minis) {
        struct ift_thrift t = {.p = d->p, .end = d->end};
        d->min = (uint64_t)ift_thrift_zigzag(&t);
        if (t.failed || d->minis > (uint64_t)(t.end - t.p)) return false;
        d->widths = t.p;
        d->p = t.p + d->minis;
        d->mini = 0;
    }
    d->width = d->widths[d->mini++];
    const uint64_t bytes = d->mini_size / 8 * d->width;
    if (d->width > 64 || bytes > (uint64_t)(d->end - d->p)) return false;
    d->bits = d->p;
    d->bit = 0;
    d->p += bytes;
    d->in_mini = d->mini_size;
    return true;
}

bool ift_parquet_delta_next(struct ift_parquet_delta *d, int64_t *value) {
    if (d->left == 0) return false;
    if (d->begun) {
        if (d->in_mini == 0 && !next_mini(d)) return false;
        const uint64_t step = take_bits(d->bits, d->p, d->bit, d->width);
        d->value = (int64_t)((uint64_t)d->value + d->min + step);
        d->bit += d->width;
        d->in_mini--;
    }
    d->begun = true;
    d->left--;
    *value = d->value;
    return true;
}

const unsigned char *ift_parquet_delta_end(const struct ift_parquet_delta *d) {
    struct ift_parquet_delta at = *d;
    for (uint64_t left = at.left - (at.left > 0); left > 0;) {
        if (!next_mini(&at)) return NULL;
        left -= left < at.in_mini ? left : at.in_mini;
    }
    return at.p;
}
