#include "libcore/io/recode.h"

#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/recode_pairs.h"

enum { INPUT = 64 << 10, OUTPUT = 128 << 10, NO_MARK = 0 };

struct ift_recode {
    iconv_t cd;
    struct ift_recode_pairs *pairs; /* what goes without iconv, or NULL */
    char *encoding;
    struct ift_str name;
    size_t mark; /* bytes of the mark that tells the order, or NO_MARK */
    size_t unit; /* of how many bytes all characters are multiples */

    struct ift_slice rest; /* pushed and not taken */
    char *in, *out;
    size_t have;   /* of in */
    uint64_t used; /* bytes of the text before in */
    size_t line;   /* on which in starts */
    bool begun, finished, flushed;
};

/* Not what iconv takes for other wishes: "", "GBK//IGNORE". */
static bool is_name(const char *encoding) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+";
    return *encoding && encoding[strspn(encoding, letters)] == '\0';
}

static int open_cd(iconv_t *cd, const char *encoding, struct ift_err *err) {
    *cd = is_name(encoding) ? iconv_open("UTF-8", encoding) : (iconv_t)-1;
    if (*cd != (iconv_t)-1) return 0;
    return ift_fail_usage(err, "no encoding '%s'; `iconv -l` lists those there are", encoding);
}

int ift_recode_check(const char *encoding, struct ift_err *err) {
    iconv_t cd;
    IFT_TRY(open_cd(&cd, encoding, err));
    iconv_close(cd);
    return 0;
}

static bool reads_as_a(const char *encoding, const char *p, size_t n) {
    const iconv_t cd = iconv_open("UTF-8", encoding);
    char text[8], out[16], *from = text, *to = out;
    memcpy(text, p, n);
    size_t left = sizeof out;
    const bool read = cd != (iconv_t)-1 && iconv(cd, &from, &n, &to, &left) == 0;
    if (cd != (iconv_t)-1) iconv_close(cd);
    return read && to == out + 1 && out[0] == 'A';
}

/* The marks that it goes by are those with which it reads the same text in both orders. */
static size_t mark_of(const char *encoding) {
    if (reads_as_a(encoding, "\xfe\xff\0A", 4) && reads_as_a(encoding, "\xff\xfe\x41\0", 4))
        return 2;
    return reads_as_a(encoding, "\0\0\xfe\xff\0\0\0A", 8) &&
                   reads_as_a(encoding, "\xff\xfe\0\0A\0\0\0", 8)
               ? 4
               : NO_MARK;
}

static size_t unit_of(const char *encoding, size_t mark) {
    if (mark != NO_MARK) return mark;
    if (reads_as_a(encoding, "\0\0\0A", 4) || reads_as_a(encoding, "A\0\0\0", 4)) return 4;
    return reads_as_a(encoding, "\0A", 2) || reads_as_a(encoding, "A\0", 2) ? 2 : 1;
}

int ift_recode_open(struct ift_recode **result, const char *encoding, struct ift_err *err) {
    iconv_t cd;
    IFT_TRY(open_cd(&cd, encoding, err));
    struct ift_recode *const d = *result = ift_alloc0(1, sizeof *d);
    d->cd = cd;
    d->mark = mark_of(encoding);
    d->unit = unit_of(encoding, d->mark);
    d->pairs = ift_recode_pairs_new(encoding);
    d->encoding = ift_strdup(encoding);
    d->in = ift_alloc(INPUT);
    d->out = ift_alloc(OUTPUT);
    return 0;
}

void ift_recode_free(struct ift_recode *d) {
    if (!d) return;
    iconv_close(d->cd);
    ift_recode_pairs_free(d->pairs);
    free(d->encoding);
    free(d->in);
    free(d->out);
    ift_str_release(&d->name);
    free(d);
}

void ift_recode_begin(struct ift_recode *d, const char *name) {
    if (d->used > 0 || d->have > 0) { /* to start over, it forgets no order of bytes */
        iconv_close(d->cd);
        d->cd = iconv_open("UTF-8", d->encoding);
    }
    ift_str_clear(&d->name);
    ift_str_adds(&d->name, name);
    d->rest.n = d->have = d->used = 0;
    d->line = 1;
    d->begun = d->finished = d->flushed = false;
}

void ift_recode_push(struct ift_recode *d, struct ift_slice block) {
    d->rest = block;
}

void ift_recode_finish(struct ift_recode *d) {
    d->finished = true;
}

static void refill(struct ift_recode *d) {
    const size_t n = d->rest.n < INPUT - d->have ? d->rest.n : INPUT - d->have;
    if (n) memcpy(d->in + d->have, d->rest.p, n);
    d->have += n;
    d->rest = (struct ift_slice){d->rest.p + n, d->rest.n - n};
}

/* At the first bytes: 1 when they may be converted, 0 when more are needed. */
static int check_mark(struct ift_recode *d, struct ift_err *err) {
    if (d->mark == NO_MARK || (d->finished && d->have == 0)) return 1;
    if (d->have < d->mark) {
        if (!d->finished) return 0;
        return IFT_FAIL(err, "%s: ends inside a character", d->name.p);
    }
    static const char *const marks[] = {"\xfe\xff", "\xff\xfe", "\0\0\xfe\xff", "\xff\xfe\0\0"};
    const size_t first = d->mark == 2 ? 0 : 2;
    for (size_t i = first; i < first + 2; i++)
        if (memcmp(d->in, marks[i], d->mark) == 0) return 1;
    return IFT_FAIL(err, "%s: no mark of the order of bytes; name %s with LE or BE behind it",
                    d->name.p, d->encoding);
}

/* Lends the first n bytes of out. */
static int lend(struct ift_recode *d, size_t n, struct ift_slice *block, struct ift_err *err) {
    *block = (struct ift_slice){d->out, n};
    if (!d->begun && n >= 3 && memcmp(d->out, "\xef\xbf\xbe", 3) == 0)
        return IFT_FAIL(err, "%s: the bytes are in the other order than %s says", d->name.p,
                        d->encoding);
    d->begun = true;
    for (const char *p = d->out; (p = memchr(p, '\n', (size_t)(d->out + n - p))) != NULL; p++)
        d->line++;
    return 1;
}

static int refuse_half(const struct ift_recode *d, struct ift_err *err) {
    struct ift_str bytes = {0};
    for (size_t i = 0; i < d->have && i < 4; i++)
        ift_str_addf(&bytes, " %02x", (unsigned char)d->in[i]);
    ift_fail(err, "%s:%zu: byte %" PRIu64 ": the text ends inside a character,%s of %s", d->name.p,
             d->line, d->used, bytes.p, d->encoding);
    ift_str_release(&bytes);
    return -1;
}

/* Puts the stand-in for what is no character, of which one unit is taken. */
static int mark_bad(struct ift_recode *d, struct ift_slice *block, struct ift_err *err) {
    enum { STAND_IN = 6 };
    for (size_t i = 0; i < d->unit; i++)
        snprintf(d->out + 5 * i, STAND_IN, "\xff<%02x>", (unsigned char)d->in[i]);
    d->used += d->unit;
    d->have -= d->unit;
    memmove(d->in, d->in + d->unit, d->have);
    return lend(d, 5 * d->unit, block, err);
}

bool ift_recode_bad(struct ift_slice text, struct ift_str *bytes) {
    const char *p = text.n ? memchr(text.p, '\xff', text.n) : NULL;
    for (int n = 0; p && n < 4 && text.p + text.n - p >= 5 && p[0] == '\xff' && p[1] == '<'; n++) {
        ift_str_addf(bytes, "%s%.2s", n ? " " : "", p + 2);
        p += 5;
    }
    return p != NULL && bytes->n > 0;
}

/* What the encoding still holds back. */
static int flush(struct ift_recode *d, struct ift_slice *block, struct ift_err *err) {
    char *to = d->out;
    size_t room = OUTPUT;
    if (!d->flushed) iconv(d->cd, NULL, NULL, &to, &room);
    d->flushed = true;
    return to > d->out ? lend(d, OUTPUT - room, block, err) : 0;
}

/* As iconv(), which gets of pairs what is none, a character at a time. */
static size_t convert(struct ift_recode *d, char **from, size_t *left, char **to, size_t *room) {
    enum { LONGEST = 4 };
    if (!d->pairs) return iconv(d->cd, from, left, to, room);
    for (;;) {
        ift_recode_pairs_convert(d->pairs, d->cd, from, left, to, room);
        if (*left == 0) return 0;
        const size_t some = *left < LONGEST ? *left : LONGEST;
        size_t rest = some;
        const size_t rc = iconv(d->cd, from, &rest, to, room);
        *left -= some - rest;
        if (rest == some) return rc;
    }
}

int ift_recode_next(struct ift_recode *d, struct ift_slice *block, struct ift_err *err) {
    static const char mark[3] = "\xef\xbb\xbf";
    for (;;) {
        refill(d);
        if (!d->begun) {
            const int got = check_mark(d, err);
            if (got <= 0) return got;
        }
        char *from = d->in, *to = d->out;
        size_t left = d->have, room = OUTPUT;
        if (!d->begun && d->mark && d->have) { /* iconv takes it and says nothing */
            memcpy(d->out, mark, sizeof mark);
            to += sizeof mark;
            room -= sizeof mark;
        }
        const size_t rc = convert(d, &from, &left, &to, &room);
        const int why = errno;
        const size_t made = (size_t)(to - d->out);
        d->used += d->have - left;
        d->have = left;
        memmove(d->in, from, left);
        if (made > 0) return lend(d, made, block, err);
        if (rc == (size_t)-1 && why == EILSEQ && left >= d->unit) return mark_bad(d, block, err);
        if (d->rest.n > 0) continue;
        if (!d->finished) return 0;
        return left > 0 ? refuse_half(d, err) : flush(d, block, err);
    }
}
