#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "libcore/text/pretoken.h"

#ifdef __SSE2__
enum { BLOCK = 64 };

enum ift_pretoken_kind ift_pretoken_kind(ift_pretoken_fn *scan) {
    if (scan == ift_pretoken_gpt2) return IFT_PRETOKEN_GPT2;
    if (scan == ift_pretoken_llama3) return IFT_PRETOKEN_LLAMA3;
    return scan == ift_pretoken_qwen ? IFT_PRETOKEN_QWEN : IFT_PRETOKEN_ASK;
}

/* Of 64 bytes, a bit each; what is not ASCII is of no class, but for what Chinese is mostly written
 * in, whose bytes all are of its class. */
struct classes {
    uint64_t letter, number, rest, quote;
    uint64_t space, white, line; /* the space; it and \t to \r; of those \n and \r */
    uint64_t three, mark;        /* first bytes of letters and of the rest that have three */
    uint64_t other;              /* what is of no class, and all behind the text */
    uint64_t start;              /* of the rest what stands neither behind its like nor a space */
};

/* Those from `first` to `last`, moved to where signed bytes end: all else ends up below. */
#define IN(x, first, last)                                                                         \
    _mm_cmpgt_epi8(_mm_add_epi8(x, _mm_set1_epi8((char)(127 - (unsigned)(last)))),                 \
                   _mm_set1_epi8((char)(127 - ((last) - (first) + 1))))
#define IS(x, c) _mm_cmpeq_epi8(x, _mm_set1_epi8((char)(c)))

static inline uint64_t bits(__m128i x, int at) {
    return (uint64_t)(unsigned)_mm_movemask_epi8(x) << at;
}

/* Sixteen of them, put where they belong. */
static inline void look(struct classes *c, const char *p, int at) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    const __m128i letter = IN(_mm_or_si128(x, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i number = IN(x, '0', '9'), space = IS(x, ' ');
    const __m128i white = _mm_or_si128(space, IN(x, '\t', '\r'));
    const __m128i known = _mm_or_si128(_mm_or_si128(letter, number), _mm_or_si128(white, x));
    c->letter |= bits(letter, at);
    c->number |= bits(number, at);
    c->space |= bits(space, at);
    c->white |= bits(white, at);
    c->line |= bits(_mm_or_si128(IS(x, '\n'), IS(x, '\r')), at);
    c->rest |= (~bits(known, 0) & 0xffff) << at;
    c->quote |= bits(IS(x, '\''), at);
}

/* The same for characters of three bytes that begin among them: of letters U+4E00 to U+9FBF, of the
 * rest U+2010 to U+2027, U+3001, U+3002, U+3008 to U+3011, and of wide forms those up to U+FF0F and
 * from U+FF1A to U+FF20. Reads two bytes more. */
static inline void look_three(struct classes *c, const char *p, int at) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p),
                  y = _mm_loadu_si128((const __m128i *)(p + 1)),
                  z = _mm_loadu_si128((const __m128i *)(p + 2));
    const __m128i whole = _mm_and_si128(IN(y, 0x80, 0xbf), IN(z, 0x80, 0xbf));
    const __m128i early = _mm_and_si128(IS(x, 0xe4), IN(y, 0x80, 0xb7)),
                  late = _mm_and_si128(IS(x, 0xe9), IS(y, 0xbf));
    const __m128i letter = _mm_andnot_si128(_mm_or_si128(early, late), IN(x, 0xe4, 0xe9));
    const __m128i quotes =
        _mm_and_si128(_mm_and_si128(IS(x, 0xe2), IS(y, 0x80)), IN(z, 0x90, 0xa7));
    const __m128i stops = _mm_and_si128(_mm_and_si128(IS(x, 0xe3), IS(y, 0x80)),
                                        _mm_or_si128(IN(z, 0x81, 0x82), IN(z, 0x88, 0x91)));
    const __m128i wide = _mm_and_si128(_mm_and_si128(IS(x, 0xef), IS(y, 0xbc)),
                                       _mm_or_si128(IN(z, 0x81, 0x8f), IN(z, 0x9a, 0xa0)));
    const __m128i mark = _mm_or_si128(quotes, _mm_or_si128(stops, wide));
    c->three |= bits(_mm_and_si128(letter, whole), at);
    c->mark |= bits(_mm_and_si128(mark, whole), at);
}

/* What lies k places before; the first come from the block before. */
static inline uint64_t behind(uint64_t here, uint64_t before, int k) {
    return here << k | before >> (BLOCK - k);
}

/* All three bytes of characters whose first ones these are. */
static inline uint64_t all_three(uint64_t here, uint64_t before) {
    return here | behind(here, before, 1) | behind(here, before, 2);
}

/* The last of a run of white space is left to the word that follows it. Here the place of that word
 * is known, perhaps in the block behind. */
static inline void put_before(struct ift_bounds_block *to, uint64_t places) {
    to->word |= places >> 1;
    if (places & 1) to[-1].word |= (uint64_t)1 << (BLOCK - 1);
}

static inline void put_gpt2(struct ift_bounds_block *to, const struct classes *c,
                            const struct classes *before) {
    const uint64_t spaces = behind(c->space, before->space, 1),
                   whites = behind(c->white, before->white, 1);
    to->word |= c->white & ~whites;
    to->word |= c->letter & ~(behind(c->letter, before->letter, 1) | spaces);
    to->word |= c->number & ~(behind(c->number, before->number, 1) | spaces);
    put_before(to, ~c->white & ~c->other & whites);
}

/* One of the rest, or a blank, goes with letters behind it; the rest takes line ends along; and so
 * does white space, of which the last line end is known only behind it: the places of what makes
 * the run in front of them uncertain are returned. */
static inline uint64_t put_cl100k(struct ift_bounds_block *to, size_t digits,
                                  const struct classes *c, const struct classes *before) {
    const uint64_t whites = behind(c->white, before->white, 1),
                   lines = behind(c->line, before->line, 1), blanks = whites & ~lines;
    const uint64_t starts = behind(c->start, before->start, 1) |
                            behind(c->start & c->mark, before->start & before->mark, 3);
    to->word |= c->white & ~whites & ~(c->line & behind(c->rest, before->rest, 1));
    to->word |= c->white & ~c->line & lines;
    to->word |= c->letter & ~(behind(c->letter, before->letter, 1) | blanks | starts);
    put_before(to, ~c->white & ~c->other & blanks);
    if (digits == 1) {
        to->word |= c->number;
    } else {
        const uint64_t second = c->number & behind(c->number, before->number, 1),
                       fourth = second & behind(c->number, before->number, 2) &
                                behind(c->number, before->number, 3);
        to->word |= (c->number & ~second) | fourth;
        to->ask |= fourth;
    }
    return (c->line & blanks) | (c->other & whites);
}

static bool is_white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* All of the run of white space in front of p[at] is to be asked; where that is so already, it is
 * so further in front. */
static void ask_run(struct ift_bounds_block *block, const char *p, size_t at) {
    while (at-- > 0 && is_white(p[at])) {
        const uint64_t bit = (uint64_t)1 << (at % BLOCK);
        if (block[at / BLOCK].ask & bit) break;
        block[at / BLOCK].ask |= bit;
    }
}

__attribute__((always_inline)) static inline void fill(enum ift_pretoken_kind how, const char *p,
                                                       size_t n, struct ift_bounds_block *block) {
    struct classes before = {0};
    char tail[BLOCK + 2];
    for (size_t i = 0; i <= n; i += BLOCK) {
        struct classes c = {0};
        const char *from = p + i;
        const size_t left = n - i;
        if (left < sizeof tail) from = memcpy(memset(tail, 0, sizeof tail), from, left);
        for (int at = 0; at < BLOCK; at += 16) look(&c, from + at, at);
        if (left < BLOCK) c.rest &= ~(~0ull << left);
        if (~(c.letter | c.number | c.rest | c.white))
            for (int at = 0; at < BLOCK; at += 16) look_three(&c, from + at, at);
        c.letter |= all_three(c.three, before.three);
        c.rest |= all_three(c.mark, before.mark);
        c.other = ~(c.letter | c.number | c.rest | c.white);
        c.start = c.rest & ~(behind(c.rest, before.rest, 1) | behind(c.space, before.space, 1));

        struct ift_bounds_block *const to = &block[i / BLOCK];
        to->word = c.start | (c.other & ~behind(c.other, before.other, 1));
        to->ask = c.other | (c.start & c.quote); /* "'s" */
        uint64_t runs = 0;
        if (how == IFT_PRETOKEN_GPT2)
            put_gpt2(to, &c, &before);
        else
            runs = put_cl100k(to, how == IFT_PRETOKEN_QWEN ? 1 : 3, &c, &before);
        for (; runs; runs &= runs - 1) ask_run(block, p, i + (size_t)__builtin_ctzll(runs));
        before = c;
    }
}

void ift_pretoken_bounds(enum ift_pretoken_kind how, const char *p, size_t n,
                         struct ift_bounds *b) {
    if (how == IFT_PRETOKEN_ASK) return;
    struct ift_bounds_block *const block = ift_bounds_make(b, n);
    if (how == IFT_PRETOKEN_GPT2)
        fill(IFT_PRETOKEN_GPT2, p, n, block);
    else if (how == IFT_PRETOKEN_LLAMA3)
        fill(IFT_PRETOKEN_LLAMA3, p, n, block);
    else
        fill(IFT_PRETOKEN_QWEN, p, n, block);
    ift_bounds_rewind(b);
}
#else
enum ift_pretoken_kind ift_pretoken_kind(ift_pretoken_fn *scan) {
    (void)scan;
    return IFT_PRETOKEN_ASK;
}

void ift_pretoken_bounds(enum ift_pretoken_kind how, const char *p, size_t n,
                         struct ift_bounds *b) {
    (void)how;
    (void)p;
    (void)n;
    (void)b;
}
#endif
