#include "libcore/text/bounds.h"

#include <stdlib.h>

#include "libcore/base/mem.h"

struct ift_bounds_block *ift_bounds_make(struct ift_bounds *b, size_t n) {
    return b->block = ift_grow(b->block, n / 64 + 2, &b->cap, sizeof *b->block);
}

void ift_bounds_release(struct ift_bounds *b) {
    free(b->block);
    *b = (struct ift_bounds){0};
}
