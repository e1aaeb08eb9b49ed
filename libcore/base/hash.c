#include "libcore/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#define XXH_STATIC_LINKING_ONLY /* for the size of its state */
#include <xxhash.h>

#include "libcore/base/mem.h"

uint64_t ift_hash(const void *p, size_t n) {
    return XXH3_64bits(p, n);
}

struct ift_hasher {
    XXH3_state_t *state; /* the library aligns it */
};

struct ift_hasher *ift_hasher_new(void) {
    struct ift_hasher *h = ift_alloc(sizeof *h);
    h->state = XXH3_createState();
    if (!h->state) ift_out_of_memory(sizeof *h->state);
    XXH3_64bits_reset(h->state);
    return h;
}

void ift_hasher_add(struct ift_hasher *h, const void *p, size_t n) {
    if (n) XXH3_64bits_update(h->state, p, n);
}

uint64_t ift_hasher_value(const struct ift_hasher *h) {
    return XXH3_64bits_digest(h->state);
}

void ift_hasher_free(struct ift_hasher *h) {
    if (!h) return;
    XXH3_freeState(h->state);
    free(h);
}

void ift_digest_text(uint64_t hash, char text[IFT_DIGEST]) {
    snprintf(text, IFT_DIGEST, "xxh3:%016llx", (unsigned long long)hash);
}

int ift_hash_file(const char *path, uint64_t *hash, struct ift_err *err) {
    FILE *f = fopen(path, "rb");
    if (!f) return ift_fail_errno(err, "%s", path);
    enum { CHUNK = 1 << 18 };
    char *chunk = ift_alloc(CHUNK);
    struct ift_hasher *h = ift_hasher_new();
    size_t n;
    while ((n = fread(chunk, 1, CHUNK, f)) > 0) ift_hasher_add(h, chunk, n);
    const int rc = ferror(f) ? ift_fail_errno(err, "%s", path) : 0;
    if (rc == 0) *hash = ift_hasher_value(h);
    ift_hasher_free(h);
    free(chunk);
    fclose(f);
    return rc;
}
