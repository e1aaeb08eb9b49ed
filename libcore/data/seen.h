/* seen.h: a set of 64-bit hashes: how many different ones were there?
 *
 * Eight bytes a hash, in a table that is at most three quarters full: 11 to 21 bytes each, and half
 * as much again while it grows. Two different things that share a hash count as one: to be expected
 * once among 6 * 10^9, with chance 1 in 3000 somewhere among 10^8.
 */
#ifndef IFT_SEEN_H
#define IFT_SEEN_H

#include <stddef.h>
#include <stdint.h>

/* Hashes wait in a short queue, while their places in the table come near. */
enum { IFT_SEEN_QUEUE = 16 };

/* A zeroed struct is empty. */
struct ift_seen {
    uint64_t *slot; /* 0: free */
    size_t slots, n;
    uint64_t queue[IFT_SEEN_QUEUE];
    size_t queued;
};

void ift_seen_add(struct ift_seen *s, uint64_t hash);
uint64_t ift_seen_count(struct ift_seen *s);
/* Adds all of `from`, which is released. */
void ift_seen_absorb(struct ift_seen *into, struct ift_seen *from);
void ift_seen_release(struct ift_seen *s);

#endif
