#include <string.h>
#if defined(__x86_64__)
#include "libcore/io/utf8_avx2.h"
#endif

#include "libcore/io/json_scan.h"
#include "libcore/io/utf8.h"

enum { BLOCK = 64 };

#if defined(__x86_64__)
/* Of 32 bytes, those at which plain text ends, as in ift_json_plain_end. */
__attribute__((target("avx2"))) static inline uint32_t ends(__m256i x) {
    const __m256i y = _mm256_xor_si256(x, _mm256_set1_epi8(2));
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(y, _mm256_set1_epi8(0x20)), y);
    const __m256i slash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, slash));
}

__attribute__((target("avx2"))) static bool mark_avx2(const char *p, size_t n, uint64_t *mark) {
    char tail[BLOCK] = {0}; /* the zeros behind the text are controls, and end a code point */
    const size_t whole = n - n % BLOCK;
    if (n % BLOCK) memcpy(tail, p + whole, n % BLOCK);
    __m256i prev = _mm256_setzero_si256();
    bool wrong = false;
    for (size_t i = 0; i <= whole; i += BLOCK) {
        const __m256i *const from = (const __m256i *)(i < whole ? p + i : tail);
        const __m256i x = _mm256_loadu_si256(from), y = _mm256_loadu_si256(from + 1);
        const __m256i any = _mm256_or_si256(_mm256_or_si256(x, y), prev);
        if (_mm256_movemask_epi8(any)) /* not all ASCII */
            wrong |= ift_utf8_is_wrong(x, prev) || ift_utf8_is_wrong(y, x);
        mark[i / BLOCK] = ends(x) | (uint64_t)ends(y) << 32;
        prev = y;
    }
    return !wrong;
}
#endif

static bool mark_any(const char *text, size_t n, uint64_t *mark) {
    memset(mark, 0, ift_json_marks(n) * sizeof *mark);
    for (const char *p = text, *const end = text + n;; p++) {
        p = ift_json_plain_end(p, end);
        mark[(size_t)(p - text) / BLOCK] |= 1ull << (size_t)(p - text) % BLOCK;
        if (p == end) break;
    }
    return ift_utf8_check(text, n) == n;
}

bool ift_json_mark(const char *text, size_t n, uint64_t *mark) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return mark_avx2(text, n, mark);
#endif
    return mark_any(text, n, mark);
}
