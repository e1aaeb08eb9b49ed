#include "libcore/data/letters.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"

const char *const ift_letters_name[] = {
    "Latin", "Greek",  "Cyrillic", "Hebrew", "Arabic", "Devanagari", "Bengali",
    "Tamil", "Telugu", "Thai",     "Han",    "Kana",   "Hangul",     "other",
};

/* Asked about letters only: a range runs on over what is none. */
static const struct range {
    uint32_t first, last;
    uint8_t script;
} ranges[] = {
    {0x41, 0xaa, IFT_LETTERS_LATIN},          {0xba, 0x2b8, IFT_LETTERS_LATIN},
    {0x2e0, 0x2e4, IFT_LETTERS_LATIN},        {0x370, 0x373, IFT_LETTERS_GREEK},
    {0x376, 0x3e1, IFT_LETTERS_GREEK},        {0x3f0, 0x3ff, IFT_LETTERS_GREEK},
    {0x400, 0x52f, IFT_LETTERS_CYRILLIC},     {0x5d0, 0x5f2, IFT_LETTERS_HEBREW},
    {0x620, 0x63f, IFT_LETTERS_ARABIC},       {0x641, 0x6ff, IFT_LETTERS_ARABIC},
    {0x750, 0x77f, IFT_LETTERS_ARABIC},       {0x870, 0x8c9, IFT_LETTERS_ARABIC},
    {0x904, 0x97f, IFT_LETTERS_DEVANAGARI},   {0x980, 0x9fc, IFT_LETTERS_BENGALI},
    {0xb83, 0xbd0, IFT_LETTERS_TAMIL},        {0xc05, 0xc61, IFT_LETTERS_TELUGU},
    {0xe01, 0xe46, IFT_LETTERS_THAI},         {0x1100, 0x11ff, IFT_LETTERS_HANGUL},
    {0x1c80, 0x1c8a, IFT_LETTERS_CYRILLIC},   {0x1d00, 0x1d25, IFT_LETTERS_LATIN},
    {0x1d26, 0x1d2a, IFT_LETTERS_GREEK},      {0x1d2b, 0x1d2b, IFT_LETTERS_CYRILLIC},
    {0x1d2c, 0x1d5c, IFT_LETTERS_LATIN},      {0x1d5d, 0x1d61, IFT_LETTERS_GREEK},
    {0x1d62, 0x1d65, IFT_LETTERS_LATIN},      {0x1d66, 0x1d6a, IFT_LETTERS_GREEK},
    {0x1d6b, 0x1d77, IFT_LETTERS_LATIN},      {0x1d78, 0x1d78, IFT_LETTERS_CYRILLIC},
    {0x1d79, 0x1dbe, IFT_LETTERS_LATIN},      {0x1dbf, 0x1dbf, IFT_LETTERS_GREEK},
    {0x1e00, 0x1eff, IFT_LETTERS_LATIN},      {0x1f00, 0x1ffc, IFT_LETTERS_GREEK},
    {0x2071, 0x207f, IFT_LETTERS_LATIN},      {0x2090, 0x209f, IFT_LETTERS_LATIN},
    {0x2126, 0x2126, IFT_LETTERS_GREEK},      {0x212a, 0x212b, IFT_LETTERS_LATIN},
    {0x2132, 0x2132, IFT_LETTERS_LATIN},      {0x214e, 0x2184, IFT_LETTERS_LATIN},
    {0x2c60, 0x2c7f, IFT_LETTERS_LATIN},      {0x3005, 0x3005, IFT_LETTERS_HAN},
    {0x303b, 0x303b, IFT_LETTERS_HAN},        {0x3041, 0x30ff, IFT_LETTERS_KANA},
    {0x3131, 0x318e, IFT_LETTERS_HANGUL},     {0x31f0, 0x31ff, IFT_LETTERS_KANA},
    {0x3400, 0x9fff, IFT_LETTERS_HAN},        {0xa640, 0xa69d, IFT_LETTERS_CYRILLIC},
    {0xa722, 0xa787, IFT_LETTERS_LATIN},      {0xa78b, 0xa7ff, IFT_LETTERS_LATIN},
    {0xa8f2, 0xa8fe, IFT_LETTERS_DEVANAGARI}, {0xa960, 0xa97c, IFT_LETTERS_HANGUL},
    {0xab30, 0xab64, IFT_LETTERS_LATIN},      {0xab65, 0xab65, IFT_LETTERS_GREEK},
    {0xab66, 0xab6d, IFT_LETTERS_LATIN},      {0xac00, 0xd7fb, IFT_LETTERS_HANGUL},
    {0xf900, 0xfad9, IFT_LETTERS_HAN},        {0xfb00, 0xfb06, IFT_LETTERS_LATIN},
    {0xfb1d, 0xfb4f, IFT_LETTERS_HEBREW},     {0xfb50, 0xfefc, IFT_LETTERS_ARABIC},
    {0xff21, 0xff5a, IFT_LETTERS_LATIN},      {0xff66, 0xff9d, IFT_LETTERS_KANA},
    {0xffa0, 0xffdc, IFT_LETTERS_HANGUL},     {0x10780, 0x107bf, IFT_LETTERS_LATIN},
    {0x10ec2, 0x10eee, IFT_LETTERS_ARABIC},   {0x11b0a, 0x11b0a, IFT_LETTERS_DEVANAGARI},
    {0x11df1, 0x11df1, IFT_LETTERS_BENGALI},  {0x16fe3, 0x16ff3, IFT_LETTERS_HAN},
    {0x1aff0, 0x1b168, IFT_LETTERS_KANA},     {0x1df00, 0x1dff2, IFT_LETTERS_LATIN},
    {0x1dff3, 0x1dff4, IFT_LETTERS_GREEK},    {0x1dff5, 0x1dfff, IFT_LETTERS_LATIN},
    {0x1e030, 0x1e06d, IFT_LETTERS_CYRILLIC}, {0x1ee00, 0x1eebb, IFT_LETTERS_ARABIC},
    {0x20000, 0x33479, IFT_LETTERS_HAN},
};

enum ift_letters ift_letters_of(uint32_t code) {
    if (!ift_utf8_is_letter(code)) return IFT_LETTERS_KINDS;
    size_t from = 0, to = sizeof ranges / sizeof *ranges;
    while (from < to) {
        const size_t mid = (from + to) / 2;
        if (ranges[mid].last < code)
            from = mid + 1;
        else
            to = mid;
    }
    const bool within = from < sizeof ranges / sizeof *ranges && ranges[from].first <= code;
    return within ? (enum ift_letters)ranges[from].script : IFT_LETTERS_OTHER;
}

struct ift_letters_table *ift_letters_table_new(void) {
    struct ift_letters_table *const table = ift_alloc(sizeof *table);
    for (uint32_t code = 0; code < 0x10000; code++) table->of[code] = (uint8_t)ift_letters_of(code);
    return table;
}

/* How many bytes at p are ASCII, in whole steps; their letters are added. */
static size_t count_ascii(const char *p, size_t n, uint64_t letters[IFT_LETTERS_KINDS + 1]) {
    size_t i = 0, latin = 0;
#ifdef __SSE2__
    const __m128i lower = _mm_set1_epi8(0x20), before = _mm_set1_epi8('a' - 1),
                  after = _mm_set1_epi8('z' + 1), one = _mm_set1_epi8(1);
    __m128i sum = _mm_setzero_si128();
    for (; i + 16 <= n; i += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(p + i)), y = _mm_or_si128(x, lower);
        if (_mm_movemask_epi8(x)) break;
        const __m128i hit = _mm_and_si128(_mm_cmpgt_epi8(y, before), _mm_cmplt_epi8(y, after));
        sum = _mm_add_epi64(sum, _mm_sad_epu8(_mm_and_si128(hit, one), _mm_setzero_si128()));
    }
    latin = (size_t)(_mm_cvtsi128_si64(sum) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum)));
#else
    for (; i < n && !(p[i] & 0x80); i++) latin += ((unsigned char)p[i] | 0x20u) - 'a' < 26;
#endif
    letters[IFT_LETTERS_LATIN] += latin;
    letters[IFT_LETTERS_KINDS] += i - latin;
    return i;
}

/* One character of text that is known to be strict UTF-8; returns its length. */
static size_t count_one(const struct ift_letters_table *table, const unsigned char *u,
                        uint64_t letters[IFT_LETTERS_KINDS + 1]) {
    if (u[0] < 0x80) {
        letters[table->of[u[0]]]++;
        return 1;
    }
    if (u[0] < 0xe0) {
        letters[table->of[(u[0] & 0x1fu) << 6 | (u[1] & 0x3fu)]]++;
        return 2;
    }
    if (u[0] < 0xf0) {
        letters[table->of[(u[0] & 0xfu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu)]]++;
        return 3;
    }
    const uint32_t code = (u[0] & 7u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6;
    letters[ift_letters_of(code | (u[3] & 0x3fu))]++;
    return 4;
}

uint64_t ift_letters_count(const struct ift_letters_table *table, const char *p, size_t n,
                           uint64_t letters[IFT_LETTERS_KINDS + 1]) {
    uint64_t characters = 0;
    for (size_t i = 0; i < n;) {
        const size_t ascii = count_ascii(p + i, n - i, letters);
        characters += ascii;
        i += ascii;
        /* As far as the next step that may be ASCII again. */
        for (const size_t until = i + 16 < n ? i + 16 : n; i < until; characters++)
            i += count_one(table, (const unsigned char *)p + i, letters);
    }
    return characters;
}
