/* jq_random.h: random jq programs, of every construct that the native evaluator knows (jqn.h); most
 * of them make sense on most random values (jq_random_value.h).
 */
#ifndef JQ_RANDOM_H
#define JQ_RANDOM_H

#include "libcore/io/jq.h"
#include "tests/unit/jq_random_value.h"

/* The variables that programs are given. */
static const struct ift_jq_arg jq_args[] = {{"who", "us\xc3\xa9r"}, {"empty", ""}};
enum { JQ_NARGS = sizeof jq_args / sizeof *jq_args };

static inline void jq_random_program(struct jq_random *r, struct ift_str *out, int depth);

/* What a program says of a single type, behind the filter for it where failures are not wanted. */
struct jq_filtered {
    const char *filter, *text;
};

/* clang-format off */
static const char *const jq_leaves[] = {
    ".", ".", ".", "[]", "{}", "null", "true", "false", "empty", "values", "strings", "numbers",
    "arrays", "objects", "nulls", "booleans", "scalars", "iterables", ".[]?", ".a?", ".[0]?", ".b?",
    ".c?", ".a?.b?", ".[1:]?", ".[\"a\"]?", ".a[]?", ".[:-1]?", ".[\"a\",\"b\"]?", ".[]?.a?",
    "[.[]?]", "{a: 1, b: .}", "[., .]", "[[]]", "$who", "$empty", ".a?[]?[]?", ".\n  a?", "-1",
    "(- 2)", "{\"a b\": 1}.\"a b\"", "[1,2,3][1:]", "{a:1,a:2}", "\"\\(1,2)\"",
    "\"\\(\"b\\(\"c\")\")\"", "[range(4)]", "[range(1;3)]", "error(\"no\")",
};

static const struct jq_filtered jq_functions[] = {
    {NULL, "not"}, {NULL, "type"}, {NULL, "tostring"}, {NULL, "tojson"},
    {NULL, "tojson | fromjson"}, {"values | strings,numbers,arrays,objects", "length"},
    {"arrays", "add"}, {"iterables", "add"}, {"iterables", "any"}, {"arrays", "min"},
    {"arrays", "max"}, {"iterables", "all"}, {"arrays", "first"}, {"arrays", "last"},
    {"iterables", "keys"}, {"iterables", "keys_unsorted"}, {"iterables", "to_entries"},
    {"strings", "ascii_downcase"}, {"strings", "ascii_upcase"}, {"strings", "fromjson"},
    {"objects", "del(.a)"}, {"objects", "del(.b, .c)"}, {"objects", ".a"}, {"objects", ".b"},
    {"objects", ".c"}, {"objects", ".a.b?"}, {"objects", ".\"a\""}, {"objects", ".[\"b\"]"},
    {"objects", "{a}"}, {"objects", "{\"b\"}"}, {"objects", "{a,c}"}, {"objects", "{\"x y\",role}"},
    {"arrays", ".[0]"}, {"arrays", ".[-1]"}, {"arrays", ".[1]"}, {"arrays", ".[1e3]"},
    {"arrays,strings", ".[1:]"}, {"arrays,strings", ".[:2]"}, {"arrays,strings", ".[-2:-1]"},
    {"arrays,strings", ".[:-1]"}, {"arrays,strings", ".[2:1]"}, {"arrays,strings", ".[1.2:2.5]"},
    {"arrays,strings", ".[-9:9]"}, {"arrays,strings", ".[null:1]"}, {"iterables", ".[]"},
    {"iterables", ".[]"}, {"iterables", "map(.)"}, {"numbers", "-."}, {"numbers", ". + 1"},
    {"strings", "split(\",\")"}, {"strings", "split(\"\")"}, {"strings", "split(\"a\")"},
    {"objects", "has(\"a\")"}, {"arrays", "has(0)"}, {"arrays", "map(tostring) | join(\"-\")"},
    {"strings", "split(\",\") | join(\"; \")"}, {"strings", "split(\"a\") | join(\"\")"},
    {"strings", "split(\"aa\") | join(\"a\") | split(\"a\") | join(\"\\\"\")"},
    {NULL, "type == \"string\""}, {NULL, "type != \"array\""}, {NULL, "type == \"boolean\""},
    {NULL, "(. | type) == \"nothing\""}, {"iterables", "map(type == \"object\")"},
    {"iterables", "map(select(type != \"null\"))"}, {"iterables", "[.[] | select(.)]"},
    {NULL, "if \"a\" == \"a\" then [.] else . end"}, {NULL, "if \"a\" != $who then . else [] end"},
    {NULL, "[., 1, \"a\\(\"b\")\"]"}, {NULL, "{\"a\\(\"b\")\": ., a: 1}"},
    {NULL, "\"<\" + tostring + \">, as \\(.)\""}, {"arrays", ".[1] as $i | .[$i | numbers]"},
    {NULL, "error"},
};
/* clang-format on */

static inline void jq_random_filtered(struct jq_random *r, struct ift_str *out,
                                      const struct jq_filtered *f) {
    if (r->mild && f->filter && jq_choice(r, 10))
        ift_str_addf(out, "(%s | %s)", f->filter, f->text);
    else
        ift_str_adds(out, f->text);
}

static inline void jq_random_leaf(struct jq_random *r, struct ift_str *out) {
    const uint32_t kind = jq_choice(r, 12);
    if (kind < 5) {
        ift_str_adds(out, JQ_PICK(r, jq_leaves));
    } else if (kind < 8) {
        jq_random_filtered(r, out, &JQ_PICK(r, jq_functions));
    } else if (kind == 8) {
        if (jq_choice(r, 3))
            ift_str_adds(out, JQ_PICK(r, jq_numbers));
        else
            ift_str_adds(out, JQ_PICK(r, jq_odd_numbers));
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
        static const char *const key[] = {"a",
                                          "b",
                                          "instruction",
                                          "\"c\"",
                                          "if",
                                          "\"x\\(.a?)\"",
                                          "(.a?,\"k\"|strings)",
                                          "(\"a\" + \"b\")",
                                          "(.[]?|strings)",
                                          "\"a b\"",
                                          "reduce",
                                          "\"\"",
                                          "(.a)",
                                          "\"\\(1,2)\""};
        if (i) ift_str_addc(out, ',');
        if (r->bound > 0 && jq_choice(r, 8) == 0) {
            ift_str_addf(out, "$v%u", jq_choice(r, (uint32_t)r->bound));
            continue;
        }
        ift_str_addf(out, "%s: %s(", JQ_PICK(r, key), jq_choice(r, 12) ? "" : "-");
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
    static const struct jq_filtered function[] =
        {{NULL, "select("},      {NULL, "select("},          {"iterables", "map("},
         {"arrays", "map("},     {"iterables", "map("},      {NULL, "first("},
         {"iterables", "join("}, {"strings", "split("},      {NULL, "ltrimstr("},
         {NULL, "rtrimstr("},    {"strings", "startswith("}, {"strings", "endswith("},
         {NULL, "contains("},    {"iterables", "has("},      {NULL, "limit(2;"},
         {NULL, "limit(1;"},     {NULL, "limit(0;"},         {NULL, "range("},
         {NULL, "error("},       {NULL, "range(1;"},         {NULL, "limit(3; .[]?,"}};
    const struct jq_filtered *const f = &JQ_PICK(r, function);
    static const char *const needs[] = {"split(",      "ltrimstr(", "rtrimstr(",
                                        "startswith(", "endswith(", "join("};
    const bool guarded = r->mild && f->filter && jq_choice(r, 10);
    bool text = false;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        text |= strcmp(f->text, needs[i]) == 0;
    if (guarded) ift_str_addf(out, "(%s | ", f->filter);
    ift_str_adds(out, f->text);
    if (text && jq_choice(r, 3)) { /* several arguments are not of the subset */
        ift_str_addf(out, "\"%s\"", JQ_PICK(r, jq_strings));
    } else if (strncmp(f->text, "range(", 6) == 0) { /* never to 1e+20 */
        ift_str_addc(out, '(');
        jq_random_program(r, out, depth);
        ift_str_adds(out, ") | if type == \"number\" and . > 30 then 30 else . end");
    } else {
        jq_random_program(r, out, depth);
    }
    ift_str_adds(out, guarded ? "))" : ")");
}

/* Functions may hide others, and those of jq. */
static inline void jq_random_def(struct jq_random *r, struct ift_str *out, int depth) {
    const int functions = r->functions;
    const bool hides = functions > 0 && jq_choice(r, 4) == 0;
    const int f = hides ? (int)jq_choice(r, (uint32_t)functions) : functions;
    ift_str_addf(out, "(def f%d: ", f);
    jq_random_program(r, out, depth);
    ift_str_adds(out, "; ");
    if (jq_choice(r, 12) == 0) ift_str_adds(out, "def length: [., 1]; ");
    if (!hides) r->functions++;
    jq_random_program(r, out, depth);
    r->functions = functions;
    ift_str_addc(out, ')');
}

/* An operator between operands that it is made for, as often as not. */
static inline void jq_random_operator(struct jq_random *r, struct ift_str *out, int depth) {
    static const struct jq_filtered operator[] =
        {{NULL, " | "},      {NULL, " | "},       {NULL, " | "},      {NULL, ", "},
         {NULL, " // "},     {"tostring", " + "}, {"numbers", " + "}, {"arrays", " + "},
         {"objects", " + "}, {"numbers", " - "},  {"arrays", " - "},  {"numbers", " / "},
         {"strings", " / "}, {NULL, " == "},      {NULL, " != "},     {NULL, " < "},
         {NULL, " <= "},     {NULL, " > "},       {NULL, " >= "},     {NULL, " and "},
         {NULL, " or "}};
    const struct jq_filtered *const o = &JQ_PICK(r, operator);
    const bool filtered = r->mild && o->filter && jq_choice(r, 8);
    for (int side = 0; side < 2; side++) {
        if (side) ift_str_adds(out, o->text);
        if (filtered) ift_str_addc(out, '(');
        jq_random_part(r, out, depth - 1);
        if (filtered) ift_str_addf(out, " | %s)", o->filter);
    }
}

static inline void jq_random_program(struct jq_random *r, struct ift_str *out, int depth) {
    if (depth <= 0) {
        jq_random_leaf(r, out);
        return;
    }
    const uint32_t kind = jq_choice(r, 20);
    if (kind < 7) {
        jq_random_operator(r, out, depth);
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
        static const char *const path[] = {".a",       "[0]",       "[]",       "[]?",
                                           ".b?",      "[1:]",      "[.a?]?",   "[-1]",
                                           ".\"b\"",   "[(0,1)]",   "[]?.a?",   "?",
                                           "[\"c\"]?", "[:1]?[0]?", ".a?.b?[]?"};
        ift_str_addc(out, '(');
        jq_random_program(r, out, depth - 1);
        ift_str_addf(out, ")%s", JQ_PICK(r, path));
        if (jq_choice(r, 9) == 0) ift_str_adds(out, " # comment ) \" ]\n");
    }
}

#endif
