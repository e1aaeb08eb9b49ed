/* jq_random.h: random jq programs and JSON values, out of a stream of random numbers or of a
 * fuzzer's bytes. The programs use every construct that the native evaluator knows (jqn.h); most of
 * them make sense on most of the values.
 */
#ifndef JQ_RANDOM_H
#define JQ_RANDOM_H

#include <stdint.h>

#include "libcore/base/str.h"

struct jq_random {
    uint64_t state;
    const uint8_t *byte, *end; /* with byte: choices are these, then 0 */
    int bound;                 /* variables $v0 … in scope */
    int functions;             /* f0 … in scope */
    bool bare; /* operators without parentheses around them: precedence is tested, and syntax errors
                  arise */
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
                                         " "};
static const char *const jq_numbers[] = {"0",   "1",   "2",   "3",     "-1",    "-2",
                                         "1.5", "0.1", "100", "1e+20", "-0.25", "12345678"};

/* ---- values ---- */

static inline void jq_random_value(struct jq_random *r, struct ift_str *out, int depth) {
    const uint32_t kind = jq_choice(r, depth > 0 ? 12 : 6);
    if (kind < 3) {
        ift_str_addf(out, "\"%s\"", JQ_PICK(r, jq_strings));
    } else if (kind < 5) {
        ift_str_adds(out, JQ_PICK(r, jq_numbers));
    } else if (kind == 5) {
        static const char *const word[] = {"null", "true", "false"};
        ift_str_adds(out, JQ_PICK(r, word));
    } else if (kind < 9) {
        const uint32_t n = jq_choice(r, 4);
        ift_str_addc(out, '[');
        for (uint32_t i = 0; i < n; i++) {
            if (i) ift_str_adds(out, " , ");
            jq_random_value(r, out, depth - 1);
        }
        ift_str_addc(out, ']');
    } else {
        static const char *const key[] = {"a", "b", "c", "\\u0061", "role", "content", "x y"};
        const uint32_t n = jq_choice(r, 5);
        ift_str_addc(out, '{');
        for (uint32_t i = 0; i < n; i++) {
            ift_str_addf(out, "%s\"%s\": ", i ? "," : "", JQ_PICK(r, key));
            jq_random_value(r, out, depth - 1);
        }
        ift_str_addc(out, '}');
    }
}

/* ---- programs ---- */

static inline void jq_random_program(struct jq_random *r, struct ift_str *out, int depth);

static inline void jq_random_leaf(struct jq_random *r, struct ift_str *out) {
    static const char *const leaf[] = {
        ".",         ".",       ".a",        ".b",
        ".c",        ".a",      ".a.b",      ".\"a\"",
        ".[\"b\"]",  ".[0]",    ".[-1]",     ".[1]",
        ".[1:]",     ".[:2]",   ".[-2:-1]",  ".[:-1]",
        ".[]",       ".[]",     ".a[]",      ".a?",
        ".[]?",      ".[0]?",   ".a.b?",     ".[1:]?",
        ".[\"a\"]?", "[]",      "{}",        "null",
        "true",      "false",   "empty",     "{a}",
        "{\"b\"}",   "{a,c}",   "values",    "strings",
        "numbers",   "arrays",  "objects",   "nulls",
        "booleans",  "scalars", "iterables", "error(\"no\")",
    };
    static const char *const function[] =
        {"not",     "type",          "length",     "tostring",       "tojson",
         "add",     "any",           "all",        "first",          "last",
         "keys",    "keys_unsorted", "to_entries", "ascii_downcase", "ascii_upcase",
         "del(.a)", "del(.b, .c)",   "error"};
    const uint32_t kind = jq_choice(r, 12);
    if (kind < 6) {
        ift_str_adds(out, JQ_PICK(r, leaf));
    } else if (kind < 8) {
        ift_str_adds(out, JQ_PICK(r, function));
    } else if (kind == 8) {
        ift_str_adds(out, JQ_PICK(r, jq_numbers));
    } else if (kind == 9 && r->bound > 0) {
        ift_str_addf(out, "$v%u", jq_choice(r, (uint32_t)r->bound));
    } else if (kind == 10 && r->functions > 0) {
        ift_str_addf(out, "f%u", jq_choice(r, (uint32_t)r->functions));
    } else {
        ift_str_addf(out, "\"%s\"", JQ_PICK(r, jq_strings));
    }
}

/* In parentheses, unless bare. */
static inline void jq_random_part(struct jq_random *r, struct ift_str *out, int depth) {
    const bool open = !r->bare || jq_choice(r, 3) == 0;
    if (open) ift_str_addc(out, '(');
    jq_random_program(r, out, depth);
    if (open) ift_str_addc(out, ')');
}

static inline void jq_random_object(struct jq_random *r, struct ift_str *out, int depth) {
    const uint32_t n = 1 + jq_choice(r, 3);
    ift_str_addc(out, '{');
    for (uint32_t i = 0; i < n; i++) {
        static const char *const key[] = {"a",  "b",           "instruction", "\"c\"",
                                          "if", "\"x\\(.a)\"", "(.a,\"k\")",  "(\"a\" + \"b\")"};
        if (i) ift_str_addc(out, ',');
        if (r->bound > 0 && jq_choice(r, 8) == 0) {
            ift_str_addf(out, "$v%u", jq_choice(r, (uint32_t)r->bound));
            continue;
        }
        ift_str_addf(out, "%s: (", JQ_PICK(r, key));
        jq_random_program(r, out, depth);
        ift_str_addc(out, ')');
        if (jq_choice(r, 6) == 0) ift_str_adds(out, " | .a?");
    }
    ift_str_addc(out, '}');
}

static inline void jq_random_binding(struct jq_random *r, struct ift_str *out, int depth) {
    const bool reduce = jq_choice(r, 3) == 0;
    ift_str_adds(out, reduce ? "(reduce (" : "((");
    jq_random_program(r, out, depth);
    ift_str_addf(out, ") as $v%d ", r->bound);
    if (reduce) {
        ift_str_addc(out, '(');
        jq_random_program(r, out, 0);
        ift_str_addc(out, ';');
    } else {
        ift_str_adds(out, "| ");
    }
    r->bound++;
    jq_random_program(r, out, depth);
    r->bound--;
    ift_str_adds(out, reduce ? "))" : ")");
}

static inline void jq_random_call(struct jq_random *r, struct ift_str *out, int depth) {
    static const char *const function[] = {"select",   "select",   "map",        "map",
                                           "map",      "first",    "join",       "split",
                                           "ltrimstr", "rtrimstr", "startswith", "endswith",
                                           "contains", "has",      "limit(2;",   "limit(1;",
                                           "range",    "error",    "range(1;"};
    const char *const name = JQ_PICK(r, function);
    ift_str_adds(out, name);
    if (!strchr(name, '(')) ift_str_addc(out, '(');
    jq_random_program(r, out, depth);
    ift_str_addc(out, ')');
}

static inline void jq_random_def(struct jq_random *r, struct ift_str *out, int depth) {
    const int functions = r->functions;
    ift_str_addf(out, "(def f%d: ", functions);
    jq_random_program(r, out, depth);
    ift_str_adds(out, "; ");
    r->functions++;
    jq_random_program(r, out, depth);
    r->functions = functions;
    ift_str_addc(out, ')');
}

static inline void jq_random_program(struct jq_random *r, struct ift_str *out, int depth) {
    static const char *const operator[] = {" | ", " | ",  " | ",   ", ",   " // ", " + ",
                                           " + ", " - ",  " == ",  " != ", " < ",  " <= ",
                                           " > ", " >= ", " and ", " or "};
    if (depth <= 0) {
        jq_random_leaf(r, out);
        return;
    }
    const uint32_t kind = jq_choice(r, 20);
    if (kind < 7) {
        jq_random_part(r, out, depth - 1);
        ift_str_adds(out, JQ_PICK(r, operator));
        jq_random_part(r, out, depth - 1);
    } else if (kind < 8) {
        static const char *const text[] = {"if ", " then ", " elif ", " then ", " else "};
        const bool longer = jq_choice(r, 2);
        for (int i = 0; i < 5; i++) {
            if (!longer && (i == 2 || i == 3)) continue;
            ift_str_adds(out, text[i]);
            jq_random_program(r, out, depth - 2);
        }
        ift_str_adds(out, " end");
    } else if (kind < 10) {
        jq_random_object(r, out, depth - 1);
    } else if (kind < 11) {
        ift_str_addc(out, '[');
        jq_random_program(r, out, depth - 1);
        ift_str_addc(out, ']');
    } else if (kind < 13) {
        ift_str_adds(out, "\"<\\(");
        jq_random_program(r, out, depth - 1);
        ift_str_addf(out, ")%s\\(", JQ_PICK(r, jq_strings));
        jq_random_program(r, out, depth - 2);
        ift_str_adds(out, ")\"");
    } else if (kind < 15) {
        jq_random_binding(r, out, depth - 1);
    } else if (kind < 18) {
        jq_random_call(r, out, depth - 1);
    } else if (kind < 19) {
        jq_random_def(r, out, depth - 1);
    } else {
        static const char *const path[] = {".a",   "[0]",    "[]",   "[]?",    ".b?",
                                           "[1:]", "[.a?]?", "[-1]", ".\"b\"", "[(0,1)]"};
        ift_str_addc(out, '(');
        jq_random_program(r, out, depth - 1);
        ift_str_addf(out, ")%s", JQ_PICK(r, path));
        if (jq_choice(r, 9) == 0) ift_str_adds(out, " # comment ) \" ]\n");
    }
}

#endif
