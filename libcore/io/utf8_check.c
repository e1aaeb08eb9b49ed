#include "libcore/io/utf8.h"

#include <string.h>
#if defined(__x86_64__)
#include "libcore/io/utf8_avx2.h"
#endif

size_t ift_utf8_decode(const char *p, size_t n, uint32_t *code) {
    const unsigned char *b = (const unsigned char *)p;
    if (n == 0) return 0;
    if (b[0] < 0x80) return *code = b[0], 1;
    const size_t len = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || n < len) return 0;
    uint32_t c = b[0] & (0x7f >> len);
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (b[i] & 0x3f);
    }
    if (len == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) return 0;
    if (len == 4 && (c < 0x10000 || c > 0x10ffff)) return 0;
    *code = c;
    return len;
}

size_t ift_utf8_encode(uint32_t code, char out[4]) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(0xf00 >> len | code);
    return len;
}

size_t ift_utf8_count(const char *p, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += (p[i] & 0xc0) != 0x80;
    return count;
}

/* One code point after the other, eight ASCII bytes at once. */
static size_t check_from(const char *p, size_t i, size_t n) {
    while (i < n) {
        uint64_t x;
        if (n - i >= 8 && (memcpy(&x, p + i, 8), (x & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        uint32_t code;
        const size_t len = ift_utf8_decode(p + i, n - i, &code);
        if (len == 0) return i;
        i += len;
    }
    return n;
}

#if defined(__x86_64__)
/* How many bytes are surely fine: n, or the block in which something is wrong or unfinished. */
__attribute__((target("avx2"))) static size_t check_blocks(const char *p, size_t n) {
    __m256i prev = _mm256_setzero_si256();
    size_t i = 0;
    for (; n - i >= 32; i += 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(p + i));
        if (ift_utf8_is_wrong(x, prev)) break;
        prev = x;
    }
    return i;
}
#endif

size_t ift_utf8_check(const char *p, size_t n) {
    size_t i = 0;
#if defined(__x86_64__)
    if (n >= 32 && __builtin_cpu_supports("avx2")) {
        i = check_blocks(p, n);
        /* A code point may straddle the last boundary: start again at its first byte. */
        for (size_t back = 1; back <= 3 && back <= i; back++) {
            if ((p[i - back] & 0xc0) == 0x80) continue;
            if (p[i - back] & 0x80) i -= back;
            break;
        }
    }
#endif
    return check_from(p, i, n);
}
