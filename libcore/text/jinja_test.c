/* Tests of jinja.h: what may follow `is`. */
#include <math.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

#define TEST(fn)                                                                                   \
    static int fn(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,           \
                  struct ift_jval *out)

static int answer(struct ift_jval *out, bool holds) {
    *out = ift_jval_bool(holds);
    return 0;
}

/* A test of the value alone. */
#define PLAIN(name, holds)                                                                         \
    TEST(name) {                                                                                   \
        (void)run;                                                                                 \
        (void)args;                                                                                \
        return answer(out, (holds));                                                               \
    }

PLAIN(is_defined, v.type != IFT_JVAL_UNDEFINED)
PLAIN(is_undefined, v.type == IFT_JVAL_UNDEFINED)
PLAIN(is_none, v.type == IFT_JVAL_NONE)
PLAIN(is_boolean, v.type == IFT_JVAL_BOOL)
PLAIN(is_true, v.type == IFT_JVAL_BOOL && v.truth)
PLAIN(is_false, v.type == IFT_JVAL_BOOL && !v.truth)
PLAIN(is_integer, v.type == IFT_JVAL_INT)
PLAIN(is_float, v.type == IFT_JVAL_FLOAT)
PLAIN(is_number, v.type >= IFT_JVAL_BOOL && v.type <= IFT_JVAL_FLOAT)
PLAIN(is_string, v.type == IFT_JVAL_TEXT)
PLAIN(is_mapping, v.type == IFT_JVAL_DICT)
PLAIN(is_sequence,
      v.type == IFT_JVAL_UNDEFINED || (v.type >= IFT_JVAL_TEXT && v.type <= IFT_JVAL_DICT))
PLAIN(is_iterable, v.type == IFT_JVAL_UNDEFINED ||
                       (v.type >= IFT_JVAL_TEXT && v.type <= IFT_JVAL_DICT) ||
                       v.type == IFT_JVAL_LOOP)
PLAIN(is_callable, v.type >= IFT_JVAL_MACRO || v.type == IFT_JVAL_LOOP)

static int remainder_of(struct ift_jrun *run, struct ift_jval v, struct ift_jval by,
                        struct ift_jval want, struct ift_jval *out) {
    struct ift_jval rest;
    bool equal;
    IFT_TRY(ift_jinja_binary(run, "%", v, by, &rest));
    IFT_TRY(ift_jval_equal(run, rest, want, &equal));
    return answer(out, equal);
}

TEST(is_odd) {
    (void)args;
    return remainder_of(run, v, ift_jval_int(2), ift_jval_int(1), out);
}

TEST(is_even) {
    (void)args;
    return remainder_of(run, v, ift_jval_int(2), ift_jval_int(0), out);
}

static int one(struct ift_jrun *run, const struct ift_jargs *args, struct ift_jval *other) {
    if (args->n + args->nnamed == 0) return ift_jrun_fail(run, "the test needs an argument");
    *other = args->value[0];
    return 0;
}

TEST(is_divisible) {
    struct ift_jval by;
    IFT_TRY(one(run, args, &by));
    return remainder_of(run, v, by, ift_jval_int(0), out);
}

/* A test that is an operator. */
#define OPERATOR(name, op)                                                                         \
    TEST(name) {                                                                                   \
        struct ift_jval other;                                                                     \
        bool holds;                                                                                \
        IFT_TRY(one(run, args, &other));                                                           \
        IFT_TRY(ift_jval_compare(run, op, v, other, &holds));                                      \
        return answer(out, holds);                                                                 \
    }

OPERATOR(is_eq, IFT_JCOMPARE_EQ)
OPERATOR(is_ne, IFT_JCOMPARE_NE)
OPERATOR(is_lt, IFT_JCOMPARE_LT)
OPERATOR(is_le, IFT_JCOMPARE_LE)
OPERATOR(is_gt, IFT_JCOMPARE_GT)
OPERATOR(is_ge, IFT_JCOMPARE_GE)
OPERATOR(is_in, IFT_JCOMPARE_IN)

TEST(is_same) {
    struct ift_jval other;
    bool equal;
    IFT_TRY(one(run, args, &other));
    if (v.type != other.type) return answer(out, false);
    if (v.type >= IFT_JVAL_LIST) return answer(out, v.list == other.list);
    IFT_TRY(ift_jval_equal(run, v, other, &equal));
    return answer(out, equal);
}

static int is_case(struct ift_jrun *run, struct ift_jval v, enum ift_jcase how,
                   struct ift_jval *out) {
    struct ift_jtext text;
    bool same, cased;
    IFT_TRY(ift_jval_string(run, v, &text));
    IFT_TRY(
        ift_jval_equal(run, ift_jval_of(text), ift_jval_of(ift_jtext_case(run, text, how)), &same));
    const enum ift_jcase other = how == IFT_JCASE_UPPER ? IFT_JCASE_LOWER : IFT_JCASE_UPPER;
    IFT_TRY(ift_jval_equal(run, ift_jval_of(text), ift_jval_of(ift_jtext_case(run, text, other)),
                           &cased));
    return answer(out, same && !cased); /* a text without letters is neither */
}

TEST(is_upper) {
    (void)args;
    return is_case(run, v, IFT_JCASE_UPPER, out);
}

TEST(is_lower) {
    (void)args;
    return is_case(run, v, IFT_JCASE_LOWER, out);
}

const struct ift_jfilter *ift_jinja_test(const char *name) {
    static const struct ift_jfilter table[] = {
        {"defined", "", is_defined},
        {"undefined", "", is_undefined},
        {"none", "", is_none},
        {"boolean", "", is_boolean},
        {"true", "", is_true},
        {"false", "", is_false},
        {"integer", "", is_integer},
        {"float", "", is_float},
        {"number", "", is_number},
        {"string", "", is_string},
        {"mapping", "", is_mapping},
        {"sequence", "", is_sequence},
        {"iterable", "", is_iterable},
        {"callable", "", is_callable},
        {"odd", "", is_odd},
        {"even", "", is_even},
        {"divisibleby", "num", is_divisible},
        {"eq", "other", is_eq},
        {"equalto", "other", is_eq},
        {"==", "other", is_eq},
        {"ne", "other", is_ne},
        {"!=", "other", is_ne},
        {"lt", "other", is_lt},
        {"lessthan", "other", is_lt},
        {"<", "other", is_lt},
        {"le", "other", is_le},
        {"<=", "other", is_le},
        {"gt", "other", is_gt},
        {"greaterthan", "other", is_gt},
        {">", "other", is_gt},
        {"ge", "other", is_ge},
        {">=", "other", is_ge},
        {"in", "seq", is_in},
        {"sameas", "other", is_same},
        {"upper", "", is_upper},
        {"lower", "", is_lower},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}
