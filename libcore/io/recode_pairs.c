#include "libcore/io/recode_pairs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcore/base/mem.h"

enum { UTF8 = 4, NOT_MET = 0, NO_PAIR = 1 };

/* utf8[p[0] - 0x80][p[1]] is the character, whose first byte tells its length, or that byte is
 * NOT_MET or NO_PAIR. */
struct ift_recode_pairs {
    unsigned char utf8[0x80][0x100][UTF8];
};

struct ift_recode_pairs *ift_recode_pairs_new(const char *encoding) {
    static const char *const known[] = {"GB18030", "GBK", "GB2312"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(encoding, known[i]) == 0)
            return ift_alloc0(1, sizeof(struct ift_recode_pairs));
    return NULL;
}

void ift_recode_pairs_free(struct ift_recode_pairs *pairs) {
    free(pairs);
}

/* Of a character that is not ASCII. */
static size_t length(const unsigned char utf8[UTF8]) {
    return 2u + (utf8[0] >= 0xe0) + (utf8[0] >= 0xf0);
}

__attribute__((noinline)) static void ask(iconv_t cd, const char *p, unsigned char utf8[UTF8]) {
    char pair[2] = {p[0], p[1]}, *from = pair, *to = (char *)utf8;
    size_t left = sizeof pair, room = UTF8;
    const bool is_pair = iconv(cd, &from, &left, &to, &room) == 0 && left == 0 && utf8[0] >= 0xc0 &&
                         UTF8 - room == length(utf8);
    if (!is_pair) utf8[0] = NO_PAIR;
}

static bool is_high(char c) {
    return (c & 0x80) != 0;
}

enum { STEP = 8 }; /* bytes of ASCII that go together */

static bool is_ascii_step(const char *p, const char *end) {
    uint64_t x;
    if (end - p < STEP) return false;
    memcpy(&x, p, STEP);
    return (x & UINT64_C(0x8080808080808080)) == 0;
}

void ift_recode_pairs_convert(struct ift_recode_pairs *pairs, iconv_t cd, char **from, size_t *left,
                              char **to, size_t *room) {
    char *p = *from, *const end = p + *left, *q = *to, *const limit = q + *room;
    while (p < end && limit - q >= STEP) {
        if (is_high(*p)) {
            if (end - p < 2) break;
            unsigned char *const utf8 = pairs->utf8[*p & 0x7f][(unsigned char)p[1]];
            if (utf8[0] == NOT_MET) ask(cd, p, utf8);
            if (utf8[0] == NO_PAIR) break;
            memcpy(q, utf8, UTF8);
            q += length(utf8);
            p += 2;
        } else if (is_ascii_step(p, end)) {
            memcpy(q, p, STEP);
            q += STEP;
            p += STEP;
        } else {
            *q++ = *p++;
        }
    }
    *left = (size_t)(end - p);
    *room = (size_t)(limit - q);
    *from = p;
    *to = q;
}
