/* hash.h: checksums and digests, all XXH3 64 bit (xxhash): fast, the same on every machine, and not
 * cryptographic: they find accidents, not enemies. */
#ifndef IFT_HASH_H
#define IFT_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"

uint64_t ift_hash(const void *p, size_t n);

/* Incremental. */
struct ift_hasher;
struct ift_hasher *ift_hasher_new(void);
void ift_hasher_add(struct ift_hasher *h, const void *p, size_t n);
uint64_t ift_hasher_value(const struct ift_hasher *h); /* of what was added so far */
void ift_hasher_free(struct ift_hasher *h);

/* "xxh3:0123456789abcdef": how digests are written everywhere. text has IFT_DIGEST bytes. */
enum { IFT_DIGEST = 22 };
void ift_digest_text(uint64_t hash, char text[IFT_DIGEST]);

/* Digest of a file's bytes. */
int ift_hash_file(const char *path, uint64_t *hash, struct ift_err *err) IFT_MUST_CHECK;

#endif
