#include "libcore/io/inflate.h"

#ifdef IFT_ISAL
#include <isa-l.h>
#include <stdlib.h>

static void *isal_open(void) {
    struct inflate_state *const s = malloc(sizeof *s);
    if (s) isal_inflate_init(s);
    return s;
}

static void isal_begin(void *state) {
    isal_inflate_reset(state);
}

/* Bits of whole bytes that are left in its register were not of the data. */
static void give_back(struct inflate_state *s, struct ift_inflate_held *held) {
    uint64_t bits = s->read_in >> (s->read_in_length & 7);
    for (int left = s->read_in_length; left >= 8; left -= 8, bits >>= 8)
        held->byte[held->n++] = (unsigned char)bits;
    s->read_in_length = 0;
}

static int isal_step(void *state, struct ift_slice *in, char *out, size_t room, size_t *made,
                     struct ift_inflate_held *held) {
    struct inflate_state *const s = state;
    held->n = 0;
    s->next_in = (uint8_t *)in->p;
    s->avail_in = (uint32_t)in->n;
    s->next_out = (uint8_t *)out;
    s->avail_out = (uint32_t)room;
    const int got = isal_inflate(s);
    *made = room - s->avail_out;
    *in = (struct ift_slice){(const char *)s->next_in, s->avail_in};
    if (got < 0 || got == ISAL_NEED_DICT) return -1;
    if (s->block_state != ISAL_BLOCK_FINISH) return 0;
    give_back(s, held);
    return 1;
}

static uint32_t isal_crc(uint32_t crc, const char *p, size_t n) {
    return crc32_gzip_refl(crc, (const unsigned char *)p, n);
}

const struct ift_inflate ift_inflate_isal = {"ISA-L",    isal_open, free,
                                             isal_begin, isal_step, isal_crc};
#else
const struct ift_inflate ift_inflate_isal;
#endif
