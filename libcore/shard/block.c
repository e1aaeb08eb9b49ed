#include "libcore/shard/block.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

#include "libcore/base/mem.h"

enum { LEVEL = 3 };

struct block {
    struct ift_str payload, frame;
    uint64_t number, rows;
    ZSTD_CCtx *zstd;
    struct block *next; /* in the list that has it */
};

/* Everything below `lock` is guarded by it, and so are `out` and `totals` while blocks are
 * compressed. `open` belongs to the thread that adds, a block in no list to the one that compresses
 * it. */
struct ift_blocks {
    struct ift_out *out;
    struct ift_frame_totals *totals;
    struct block *open;
    uint64_t opened;

    pthread_mutex_t lock;
    pthread_cond_t written;
    struct block *closed, **last, *spare; /* closed: the oldest first */
    uint64_t turn;                        /* of the block to be written next */
    uint64_t offset;                      /* bytes written */
    bool failed;                          /* nothing more is written */
};

struct ift_blocks *ift_blocks_new(struct ift_out *out, struct ift_frame_totals *totals) {
    struct ift_blocks *const b = ift_alloc0(1, sizeof *b);
    b->out = out;
    b->totals = totals;
    b->last = &b->closed;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->written, NULL);
    return b;
}

static void free_list(struct block *k) {
    for (struct block *next; k; k = next) {
        next = k->next;
        ift_str_release(&k->payload);
        ift_str_release(&k->frame);
        ZSTD_freeCCtx(k->zstd);
        free(k);
    }
}

void ift_blocks_free(struct ift_blocks *b) {
    if (!b) return;
    free_list(b->open);
    free_list(b->closed);
    free_list(b->spare);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->written);
    free(b);
}

static struct block *block_new(void) {
    struct block *const k = ift_alloc0(1, sizeof *k);
    k->zstd = ZSTD_createCCtx();
    if (!k->zstd) ift_out_of_memory(0);
    ZSTD_CCtx_setParameter(k->zstd, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(k->zstd, ZSTD_c_checksumFlag, 1);
    return k;
}

/* ---- filling ---- */

static void open_block(struct ift_blocks *b) {
    pthread_mutex_lock(&b->lock);
    struct block *k = b->spare;
    if (k) b->spare = k->next;
    pthread_mutex_unlock(&b->lock);
    if (!k) k = block_new();
    k->next = NULL;
    k->number = b->opened++;
    k->rows = 0;
    ift_str_clear(&k->payload);
    b->open = k;
}

void ift_blocks_add(struct ift_blocks *b, struct ift_slice row) {
    if (!b->open) open_block(b);
    ift_str_add(&b->open->payload, row.p, row.n);
    b->open->rows++;
    if (b->open->payload.n >= IFT_FRAME_BLOCK) ift_blocks_close(b);
}

void ift_blocks_close(struct ift_blocks *b) {
    if (!b->open) return;
    pthread_mutex_lock(&b->lock);
    *b->last = b->open;
    b->last = &b->open->next;
    pthread_mutex_unlock(&b->lock);
    b->open = NULL;
}

/* ---- writing ---- */

int ift_blocks_put(struct ift_blocks *b, const void *p, size_t n, struct ift_err *err) {
    ift_hasher_add(b->totals->bytes, p, n);
    b->offset += n;
    return ift_out_write(b->out, p, n, err);
}

static int compress(const struct ift_blocks *b, struct block *k, struct ift_err *err) {
    const size_t bound = ZSTD_compressBound(k->payload.n);
    ift_str_clear(&k->frame);
    const size_t n = ZSTD_compress2(k->zstd, ift_str_reserve(&k->frame, bound), bound, k->payload.p,
                                    k->payload.n);
    if (ZSTD_isError(n))
        return IFT_FAIL(err, "%s: zstd: %s", ift_out_name(b->out), ZSTD_getErrorName(n));
    k->frame.n = n;
    return 0;
}

static int write_frame(struct ift_blocks *b, const struct block *k, struct ift_err *err) {
    ift_hasher_add(b->totals->payload, k->payload.p, k->payload.n);
    ift_frame_totals_block(b->totals, b->offset, k->rows);
    return ift_blocks_put(b, k->frame.p, k->frame.n, err);
}

static struct block *take(struct ift_blocks *b) {
    pthread_mutex_lock(&b->lock);
    struct block *const k = b->closed;
    if (k) b->closed = k->next;
    if (!b->closed) b->last = &b->closed;
    pthread_mutex_unlock(&b->lock);
    return k;
}

int ift_blocks_compress(struct ift_blocks *b, struct ift_err *err) {
    int rc = 0;
    for (struct block *k; rc == 0 && (k = take(b)) != NULL;) {
        rc = compress(b, k, err);
        pthread_mutex_lock(&b->lock);
        while (b->turn != k->number) pthread_cond_wait(&b->written, &b->lock);
        if (rc == 0 && !b->failed) rc = write_frame(b, k, err);
        b->failed |= rc < 0;
        b->turn++;
        k->next = b->spare;
        b->spare = k;
        pthread_cond_broadcast(&b->written);
        pthread_mutex_unlock(&b->lock);
    }
    return rc;
}
