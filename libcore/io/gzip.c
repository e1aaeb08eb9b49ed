#include "libcore/io/gzip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

enum { OUTPUT = 128 << 10 };

struct ift_gzip {
    struct ift_raw *raw;
    size_t at; /* in raw's buffer; before that come the bytes that are held */
    struct ift_inflate_held held;
    bool fixed;   /* what is in the buffer is all there is, */
    bool ran_out; /* which was too little */

    const struct ift_inflate *by;
    void *state;
    char *out;
    bool inside; /* a member */
    bool full;   /* the last block was: there may be more without more input */
    size_t members;
    uint64_t from;        /* where this member begins */
    uint32_t crc, length; /* of this member's text; of the header, before it */
};

int ift_gzip_open(struct ift_gzip **result, struct ift_raw *raw, const struct ift_inflate *by,
                  struct ift_err *err) {
    struct ift_gzip *const g = ift_alloc0(1, sizeof *g);
    g->raw = raw;
    g->by = by ? by : ift_inflate_nth(0);
    g->state = g->by->open();
    if (!g->state) {
        IFT_FAIL(err, "%s: no memory for %s", raw->name, g->by->name);
        ift_gzip_free(g);
        return -1;
    }
    g->out = ift_alloc(OUTPUT);
    *result = g;
    return 0;
}

void ift_gzip_free(struct ift_gzip *g) {
    if (!g) return;
    g->by->close(g->state);
    free(g->out);
    free(g);
}

/* ---- compressed bytes ---- */

/* Of the file, from 0: where the next byte lies. */
static uint64_t place(const struct ift_gzip *g) {
    return g->raw->total - g->raw->have + g->at - g->held.n;
}

/* Whether there is a byte: 1, 0 at the end, -1. */
static int more(struct ift_gzip *g, struct ift_err *err) {
    if (g->held.n > 0 || g->at < g->raw->have) return 1;
    g->ran_out |= g->fixed;
    if (g->fixed || g->raw->ended) return 0;
    const ssize_t n = ift_raw_refill(g->raw, 0);
    if (n < 0) return ift_fail_errno(err, "%s", g->raw->name);
    if (n > 0) g->at = 0;
    return n > 0;
}

static int truncated(const struct ift_gzip *g, struct ift_err *err) {
    return IFT_FAIL(err, "%s: truncated: the compressed data breaks off at byte %" PRIu64,
                    g->raw->name, place(g));
}

/* How far a library has got when it finds out differs. */
static int damaged(const struct ift_gzip *g, const char *what, struct ift_err *err) {
    return IFT_FAIL(err, "%s: damaged: %s, in what begins at byte %" PRIu64, g->raw->name, what,
                    g->from);
}

static int get_byte(struct ift_gzip *g, unsigned *byte, struct ift_err *err) {
    const int got = more(g, err);
    if (got <= 0) return got < 0 ? -1 : truncated(g, err);
    char c;
    if (g->held.n > 0) {
        c = (char)g->held.byte[0];
        memmove(g->held.byte, g->held.byte + 1, --g->held.n);
    } else {
        c = g->raw->buf[g->at++];
    }
    if (!g->inside) g->crc = g->by->crc(g->crc, &c, 1);
    *byte = (unsigned char)c;
    return 0;
}

/* A number of n bytes, the lowest first. */
static int get_number(struct ift_gzip *g, int n, uint32_t *number, struct ift_err *err) {
    *number = 0;
    for (int i = 0; i < n; i++) {
        unsigned byte;
        IFT_TRY(get_byte(g, &byte, err));
        *number |= (uint32_t)byte << (8 * i);
    }
    return 0;
}

/* ---- members ---- */

static int skip_text(struct ift_gzip *g, struct ift_err *err) {
    unsigned byte;
    do {
        IFT_TRY(get_byte(g, &byte, err));
    } while (byte != 0);
    return 0;
}

/* The rest of the header, behind its first two bytes. */
static int read_header(struct ift_gzip *g, struct ift_err *err) {
    enum { DEFLATE = 8, HEADER_CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16, UNKNOWN = 0xe0 };
    uint32_t method, flags, n;
    unsigned byte;
    IFT_TRY(get_number(g, 1, &method, err));
    if (method != DEFLATE) return damaged(g, "a method that gzip has not", err);
    IFT_TRY(get_number(g, 1, &flags, err));
    if (flags & UNKNOWN) return damaged(g, "flags that gzip has not", err);
    IFT_TRY(get_number(g, 4, &n, err)); /* the time, */
    IFT_TRY(get_number(g, 2, &n, err)); /* how it was made, where */
    if (flags & EXTRA) {
        IFT_TRY(get_number(g, 2, &n, err));
        while (n-- > 0) IFT_TRY(get_byte(g, &byte, err));
    }
    if (flags & NAME) IFT_TRY(skip_text(g, err));
    if (flags & COMMENT) IFT_TRY(skip_text(g, err));
    const uint32_t crc = g->crc & 0xffff;
    if (flags & HEADER_CRC) {
        IFT_TRY(get_number(g, 2, &n, err));
        if (n != crc) return damaged(g, "the checksum of its header is wrong", err);
    }
    return 0;
}

/* Behind a member: 1 when another begins, whose first two bytes are taken; 0 at the end; -1. */
static int find_member(struct ift_gzip *g, struct ift_err *err) {
    unsigned first = 0, second = 0;
    bool padded = false;
    int got;
    while ((got = more(g, err)) > 0) {
        IFT_TRY(get_byte(g, &first, err));
        if (first != 0) break;
        padded = true;
    }
    if (got <= 0) return got;
    if (!padded && (got = more(g, err)) > 0) IFT_TRY(get_byte(g, &second, err));
    if (got < 0) return -1;
    if (first == 0x1f && second == 0x8b) return 1;
    return IFT_FAIL(err,
                    "%s: bytes that belong to nothing after the compressed data, which ends before "
                    "byte %" PRIu64,
                    g->raw->name, g->from);
}

/* 1 in a member, 0 at the end of the file, -1. */
static int begin_member(struct ift_gzip *g, struct ift_err *err) {
    uint32_t magic;
    g->crc = 0;
    g->from = place(g);
    if (g->members == 0) {
        IFT_TRY(get_number(g, 2, &magic, err));
    } else {
        const int got = find_member(g, err);
        if (got <= 0) return got;
    }
    IFT_TRY(read_header(g, err));
    g->by->begin(g->state);
    g->inside = true;
    g->crc = g->length = 0;
    g->members++;
    return 1;
}

static int end_member(struct ift_gzip *g, struct ift_err *err) {
    uint32_t crc, length;
    IFT_TRY(get_number(g, 4, &crc, err));
    IFT_TRY(get_number(g, 4, &length, err));
    if (crc != g->crc) return damaged(g, "its checksum is wrong", err);
    if (length != g->length) return damaged(g, "its length is wrong", err);
    g->inside = false;
    return 0;
}

/* Unpacks what it can of the member that is open: how much it made, or -1. */
static ssize_t unpack(struct ift_gzip *g, struct ift_err *err) {
    struct ift_slice in = {g->raw->buf + g->at, g->raw->have - g->at};
    const size_t before = in.n;
    size_t made;
    const int got = g->by->step(g->state, &in, g->out, OUTPUT, &made, &g->held);
    g->at = g->raw->have - in.n;
    g->full = made == OUTPUT;
    g->crc = g->by->crc(g->crc, g->out, made);
    g->length += (uint32_t)made;
    if (got < 0 || (got == 0 && made == 0 && in.n == before && before > 0))
        return damaged(g, "compressed data that make no sense", err);
    if (got > 0) IFT_TRY(end_member(g, err));
    return (ssize_t)made;
}

int ift_gzip_block(struct ift_gzip *g, struct ift_slice *block, struct ift_err *err) {
    ssize_t made = 0;
    while (made == 0) {
        if (!g->inside) {
            const int got = begin_member(g, err);
            if (got <= 0) return got;
        }
        if (!g->full) { /* else more may come of what it has taken */
            const int got = more(g, err);
            if (got <= 0) return got < 0 ? -1 : truncated(g, err);
        }
        made = unpack(g, err);
    }
    *block = (struct ift_slice){g->out, (size_t)(made > 0 ? made : 0)};
    return made < 0 ? -1 : 1;
}

/* ---- what is inside ---- */

size_t ift_gzip_peek(struct ift_raw *raw, char text[IFT_RAW_HEADER]) {
    for (;;) {
        struct ift_gzip *g;
        struct ift_slice block;
        size_t n = 0;
        if (ift_gzip_open(&g, raw, NULL, NULL) < 0) return 0;
        g->fixed = true;
        while (n < IFT_RAW_HEADER && ift_gzip_block(g, &block, NULL) > 0) {
            const size_t k = block.n < IFT_RAW_HEADER - n ? block.n : IFT_RAW_HEADER - n;
            memcpy(text + n, block.p, k);
            n += k;
        }
        const bool enough = n == IFT_RAW_HEADER || memchr(text, '\n', n) || !g->ran_out;
        ift_gzip_free(g);
        if (enough || raw->have == IFT_RAW_BLOCK || ift_raw_refill(raw, raw->have) <= 0) return n;
        raw->unread = raw->have;
    }
}
