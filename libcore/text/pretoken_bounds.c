#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "libcore/text/pretoken.h"

#ifdef __SSE2__
enum { BLOCK = 64 };

enum ift_pretoken_ascii ift_pretoken_ascii(ift_pretoken_fn *scan) {
    if (scan == ift_pretoken_gpt2) return IFT_ASCII_GPT2;
    if (scan == ift_pretoken_llama3) return IFT_ASCII_LLAMA3;
    return scan == ift_pretoken_qwen ? IFT_ASCII_QWEN : IFT_ASCII_ASK;
}

/* Of 64 bytes, a bit each; bytes that are not ASCII are of no class. */
struct classes {
    uint64_t letter, number, rest, quote;
    uint64_t space, control; /* white space: the space itself, and \t to \r */
    uint64_t line;           /* of those \n and \r */
    uint64_t other;          /* what is not ASCII, and all behind the text */
    uint64_t start;          /* of the rest what stands neither behind its like nor a space */
};

/* Sixteen of them, moved to where they belong. */
static inline void look(struct classes *c, const char *p, int at) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    /* Each class is moved to where signed bytes end, all else ends up below. */
    const __m128i lower = _mm_or_si128(x, _mm_set1_epi8(0x20));
    const __m128i letter =
        _mm_cmpgt_epi8(_mm_add_epi8(lower, _mm_set1_epi8(127 - 'z')), _mm_set1_epi8(127 - 26));
    const __m128i number =
        _mm_cmpgt_epi8(_mm_add_epi8(x, _mm_set1_epi8(127 - '9')), _mm_set1_epi8(127 - 10));
    const __m128i control = _mm_cmpgt_epi8(_mm_add_epi8(x, _mm_set1_epi8(127 - '\r')),
                                           _mm_set1_epi8(127 - 5)); /* \t to \r */
    const __m128i space = _mm_cmpeq_epi8(x, _mm_set1_epi8(' '));
    const __m128i known =
        _mm_or_si128(_mm_or_si128(letter, number), _mm_or_si128(_mm_or_si128(space, control), x));
    const __m128i line = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\n')),
                                      _mm_cmpeq_epi8(x, _mm_set1_epi8('\r')));
    c->letter |= (uint64_t)_mm_movemask_epi8(letter) << at;
    c->number |= (uint64_t)_mm_movemask_epi8(number) << at;
    c->space |= (uint64_t)_mm_movemask_epi8(space) << at;
    c->control |= (uint64_t)_mm_movemask_epi8(control) << at;
    c->line |= (uint64_t)_mm_movemask_epi8(line) << at;
    c->rest |= (uint64_t)(0xffff & ~_mm_movemask_epi8(known)) << at;
    c->quote |= (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8('\''))) << at;
}

/* What lies k places before; the first come from the block before. */
static inline uint64_t behind(uint64_t here, uint64_t before, int k) {
    return here << k | before >> (BLOCK - k);
}

/* A word that begins at white space is certain when it is a single one, and what is no white space
 * follows: a space is then the word's first, or its own. */
static inline struct ift_bounds_block bounds_of(enum ift_pretoken_ascii how, struct classes *c,
                                                const struct classes *before) {
    const uint64_t letters = behind(c->letter, before->letter, 1),
                   numbers = behind(c->number, before->number, 1),
                   rests = behind(c->rest, before->rest, 1),
                   spaces = behind(c->space, before->space, 1),
                   controls = behind(c->control, before->control, 1);
    const uint64_t white = c->space | c->control;
    c->other = ~(c->letter | c->number | c->rest | white);
    const uint64_t others = behind(c->other, before->other, 1);
    struct ift_bounds_block b = {.word = white | (c->other & ~others),
                                 .ask = c->other | (white & (spaces | controls))};
    c->start = c->rest & ~(rests | spaces);
    b.word |= c->start;
    b.ask |= c->start & c->quote; /* "'s" */
    if (how == IFT_ASCII_GPT2) {
        b.word |= c->letter & ~(letters | spaces);
        b.word |= c->number & ~(numbers | spaces);
        return b;
    }
    /* One of the rest, or a tab, goes with letters behind it; the rest takes line ends along. */
    b.word |= c->letter & ~(letters | spaces | behind(c->start, before->start, 1));
    b.ask |= (c->control & ~c->line) | (c->line & rests);
    if (how == IFT_ASCII_QWEN) {
        b.word |= c->number;
        return b;
    }
    const uint64_t fourth = c->number & numbers & behind(c->number, before->number, 2) &
                            behind(c->number, before->number, 3);
    b.word |= (c->number & ~numbers) | fourth;
    b.ask |= fourth;
    return b;
}

__attribute__((always_inline)) static inline void
fill(enum ift_pretoken_ascii how, const char *p, size_t n, struct ift_bounds_block *to) {
    struct classes before = {0};
    char tail[BLOCK] = {0};
    const size_t whole = n - n % BLOCK;
    if (n % BLOCK) memcpy(tail, p + whole, n % BLOCK);
    for (size_t i = 0; i <= whole; i += BLOCK) {
        struct classes c = {0};
        const char *const block = i < whole ? p + i : tail;
        for (int at = 0; at < BLOCK; at += 16) look(&c, block + at, at);
        if (i == whole) c.rest &= ~(~0ull << n % BLOCK);
        *to++ = bounds_of(how, &c, &before);
        before = c;
    }
}

void ift_pretoken_bounds(enum ift_pretoken_ascii how, const char *p, size_t n,
                         struct ift_bounds *b) {
    if (how == IFT_ASCII_ASK) return;
    struct ift_bounds_block *const to = ift_bounds_make(b, n);
    if (how == IFT_ASCII_GPT2)
        fill(IFT_ASCII_GPT2, p, n, to);
    else if (how == IFT_ASCII_LLAMA3)
        fill(IFT_ASCII_LLAMA3, p, n, to);
    else
        fill(IFT_ASCII_QWEN, p, n, to);
    ift_bounds_rewind(b);
}
#else
enum ift_pretoken_ascii ift_pretoken_ascii(ift_pretoken_fn *scan) {
    (void)scan;
    return IFT_ASCII_ASK;
}

void ift_pretoken_bounds(enum ift_pretoken_ascii how, const char *p, size_t n,
                         struct ift_bounds *b) {
    (void)how;
    (void)p;
    (void)n;
    (void)b;
}
#endif
