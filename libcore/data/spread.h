/* spread.h: how whole numbers are distributed, exactly: each value that was seen, and how often.
 *
 * Nothing is estimated and nothing depends on the order of adding. Memory is that of the different
 * values, 16 to 43 bytes each, and lengths of texts have few: texts of D different lengths hold at
 * least D * D / 2 characters together, so 100 GB of text have fewer than half a million.
 *
 * Percentiles are by nearest rank, so they are values that occur: of n values in order, the p-th is
 * the one of rank ceil(n * p / 100), the median that of p = 50.
 */
#ifndef IFT_SPREAD_H
#define IFT_SPREAD_H

#include <stddef.h>
#include <stdint.h>

struct ift_spread_slot {
    uint64_t value, count; /* count 0: free */
};

/* A zeroed struct is ready. */
struct ift_spread {
    struct ift_spread_slot *slot;
    size_t slots, used; /* slots: a power of two, or 0 */
    uint64_t n, sum;    /* of all that was added; the sum must stay below 2^64 */
};

void ift_spread_add(struct ift_spread *s, uint64_t value);
void ift_spread_merge(struct ift_spread *into, const struct ift_spread *from);
void ift_spread_release(struct ift_spread *s);

struct ift_spread_summary {
    uint64_t n, sum; /* n 0: all else is 0 */
    uint64_t median, p90, p99, max;
};
struct ift_spread_summary ift_spread_summary(const struct ift_spread *s);
double ift_spread_mean(const struct ift_spread_summary *s);

#endif
