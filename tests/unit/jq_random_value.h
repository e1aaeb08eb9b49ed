/* jq_random_value.h: random JSON values, and the strings and numbers of random programs, out of a
 * stream of random numbers or of a fuzzer's bytes.
 */
#ifndef JQ_RANDOM_VALUE_H
#define JQ_RANDOM_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "libcore/base/str.h"

struct jq_random {
    uint64_t state;
    const uint8_t *byte, *end; /* with byte: choices are these, then 0 */
    int bound;                 /* variables $v0 … in scope */
    int functions;             /* f0 … in scope */
    bool bare; /* no parentheses around operators: precedence is tested, syntax errors arise */
    bool mild; /* filters by type before what fails on others, so that more of a program is run */
    bool odd;  /* values hold numbers that print otherwise than they are written, and U+007F */
};

static inline uint32_t jq_choice(struct jq_random *r, uint32_t n) {
    if (r->byte) return r->byte < r->end ? *r->byte++ % n : 0;
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->state >> 33) % n;
}

#define JQ_PICK(r, table) ((table)[jq_choice(r, sizeof(table) / sizeof *(table))])

static const char *const jq_strings[] = {"",
                                         "a",
                                         "b",
                                         "key",
                                         "a,b,,c",
                                         "x\\ny",
                                         "\xc3\xa9t\xc3\xa9",
                                         "\xe4\xb8\xad\xe6\x96\x87",
                                         "\\u4e2d\\/\\u00e9",
                                         "\xf0\x9f\x98\x80!",
                                         "\\ud83d\\ude00",
                                         "\\\"q\\\"",
                                         "ABC xyz",
                                         "\\\\n",
                                         "user",
                                         " ",
                                         "12",
                                         "null",
                                         "[1,\\\"x\\\"]",
                                         "{\\\"a\\\":{\\\"b\\\":[]}}",
                                         "tr\\u0075e",
                                         "\\t\\u0001\\b\\f\\r",
                                         "e\xcc\x81",
                                         "a,b",
                                         "xax",
                                         "aaaa",
                                         "\\uD834\\uDD1Ex",
                                         "key value key value key value key value"};
static const char *const jq_numbers[] = {"0",
                                         "1",
                                         "2",
                                         "3",
                                         "-1",
                                         "-2",
                                         "1.5",
                                         "10",
                                         "0.1",
                                         "100",
                                         "1e+20",
                                         "-0.25",
                                         "12345678",
                                         "1e-07",
                                         "0.30000000000000004",
                                         "123456789012345",
                                         "4.5e-10"};
/* As a program or an odd value may spell them. */
static const char *const jq_odd_numbers[] = {"1.0",
                                             "0.0",
                                             "1e1000",
                                             "12345678901234567890",
                                             "1E5",
                                             "100e-2",
                                             "0.10",
                                             "9007199254740993",
                                             "1e17",
                                             "5e-324",
                                             "1.7976931348623157e308",
                                             "1e-400",
                                             "3.141592653589793238",
                                             "100000000000000000000"};

static inline void jq_random_value(struct jq_random *r, struct ift_str *out, int depth);

static inline void jq_random_number(struct jq_random *r, struct ift_str *out) {
    if (!r->odd || jq_choice(r, 2)) {
        ift_str_adds(out, JQ_PICK(r, jq_numbers));
        return;
    }
    ift_str_adds(out, jq_choice(r, 3) ? "" : "-");
    ift_str_adds(out, JQ_PICK(r, jq_odd_numbers));
}

static inline void jq_random_array(struct jq_random *r, struct ift_str *out, int depth) {
    const uint32_t n = jq_choice(r, 20) ? jq_choice(r, 4) : jq_choice(r, 20);
    ift_str_addc(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i) ift_str_adds(out, " , ");
        jq_random_value(r, out, depth - 1);
    }
    ift_str_addc(out, ']');
}

/* Keys repeat, also in other spellings. */
static inline void jq_random_members(struct jq_random *r, struct ift_str *out, int depth) {
    static const char *const key[] = {"a",   "b", "c", "\\u0061", "role", "content",
                                      "x y", "",  "a", "b",       "c",    "k\\n"};
    const bool many = jq_choice(r, 25) == 0;
    const uint32_t n = many ? jq_choice(r, 40) : jq_choice(r, 6);
    ift_str_addc(out, '{');
    for (uint32_t i = 0; i < n; i++) {
        if (i) ift_str_addc(out, ',');
        if (many && jq_choice(r, 2))
            ift_str_addf(out, "\"k%u\": ", jq_choice(r, 30));
        else
            ift_str_addf(out, "\"%s\": ", JQ_PICK(r, key));
        jq_random_value(r, out, many ? 0 : depth - 1);
    }
    ift_str_addc(out, '}');
}

static inline void jq_random_value(struct jq_random *r, struct ift_str *out, int depth) {
    const uint32_t kind = jq_choice(r, depth > 0 ? 13 : 6);
    if (kind < 3) {
        ift_str_addf(out, r->odd && kind == 0 ? "\"\x7f%s\"" : "\"%s\"", JQ_PICK(r, jq_strings));
    } else if (kind < 5) {
        jq_random_number(r, out);
    } else if (kind == 5) {
        static const char *const word[] = {"null", "true", "false"};
        ift_str_adds(out, JQ_PICK(r, word));
    } else if (kind < 8) {
        jq_random_array(r, out, depth);
    } else if (kind < 12 || jq_choice(r, 8)) {
        jq_random_members(r, out, depth);
    } else { /* deep */
        const uint32_t n = jq_choice(r, 120);
        for (uint32_t i = 0; i < n; i++) ift_str_adds(out, i % 3 ? "[" : "{\"a\":");
        jq_random_value(r, out, 0);
        for (uint32_t i = n; i-- > 0;) ift_str_addc(out, i % 3 ? ']' : '}');
    }
}

#endif
