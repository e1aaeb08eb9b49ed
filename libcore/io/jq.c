#include "libcore/io/jq.h"

#include <jq.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/jq_numbers.h"

/* A number of the input that a double does not hold, and the double that stands for it. */
struct literal {
    double value;
    struct ift_str text;
    bool twice; /* another such number has the same double */
};

struct ift_jq {
    jq_state *state;
    struct ift_str out, scratch;
    struct literal *literal;
    size_t nliterals, literal_cap;
};

/* ---- in ---- */

static void remember_literal(struct ift_jq *jq, double value, struct ift_slice text) {
    for (size_t i = 0; i < jq->nliterals; i++) {
        struct literal *const l = &jq->literal[i];
        if (l->value != value) continue;
        l->twice |= !ift_slice_eq(ift_str_slice(&l->text), text);
        return;
    }
    jq->literal = ift_grow(jq->literal, jq->nliterals + 1, &jq->literal_cap, sizeof *jq->literal);
    struct literal *const l = &jq->literal[jq->nliterals++];
    *l = (struct literal){.value = value};
    ift_str_add(&l->text, text.p, text.n);
}

static jv read_number(struct ift_jq *jq, struct ift_slice text) {
    ift_str_clear(&jq->scratch);
    ift_str_add(&jq->scratch, text.p, text.n);
    const double value = strtod(jq->scratch.p, NULL);
    if (text.n > 15) { /* up to 15 digits every decimal survives */
        ift_str_clear(&jq->scratch);
        ift_json_number(&jq->scratch, value);
        if (!ift_slice_eq(ift_str_slice(&jq->scratch), text)) remember_literal(jq, value, text);
    }
    return jv_number(value);
}

static jv read_string(struct ift_jq *jq, const struct ift_json *doc, int node) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    if (!doc->node[node].escaped) return jv_string_sized(raw.p + 1, (int)raw.n - 2);
    ift_str_clear(&jq->scratch);
    ift_json_text(doc, node, &jq->scratch);
    return jv_string_sized(jq->scratch.p, (int)jq->scratch.n);
}

static jv read_value(struct ift_jq *jq, const struct ift_json *doc, int node) {
    switch (doc->node[node].type) {
    case IFT_JSON_NULL:
        return jv_null();
    case IFT_JSON_FALSE:
        return jv_false();
    case IFT_JSON_TRUE:
        return jv_true();
    case IFT_JSON_NUMBER:
        return read_number(jq, ift_json_raw(doc, node));
    case IFT_JSON_STRING:
        return read_string(jq, doc, node);
    case IFT_JSON_ARRAY: {
        jv array = jv_array();
        for (int v = ift_json_first(doc, node); v >= 0; v = ift_json_next(doc, node, v)) {
            array = jv_array_append(array, read_value(jq, doc, v));
        }
        return array;
    }
    default: {
        jv object = jv_object();
        for (int k = ift_json_first(doc, node); k >= 0; k = ift_json_next(doc, node, k + 1)) {
            object = jv_object_set(object, read_string(jq, doc, k), read_value(jq, doc, k + 1));
        }
        return object;
    }
    }
}

/* ---- out: these functions consume the jv, as libjq's own do ---- */

static int write_value(struct ift_jq *jq, jv value, struct ift_err *err);

static int write_number(struct ift_jq *jq, double value, struct ift_err *err) {
    for (size_t i = 0; i < jq->nliterals; i++) {
        const struct literal *const l = &jq->literal[i];
        if (l->value != value) continue;
        if (l->twice) {
            return IFT_FAIL(err, "numbers like %s lose digits in libjq and cannot be told apart",
                            l->text.p);
        }
        ift_str_add(&jq->out, l->text.p, l->text.n);
        return 0;
    }
    ift_json_number(&jq->out, value);
    return 0;
}

static void write_string(struct ift_jq *jq, jv value) {
    ift_json_quote(&jq->out, jv_string_value(value),
                   (size_t)jv_string_length_bytes(jv_copy(value)));
    jv_free(value);
}

static int write_array(struct ift_jq *jq, jv array, struct ift_err *err) {
    const int n = jv_array_length(jv_copy(array));
    int got = 0;
    ift_str_addc(&jq->out, '[');
    for (int i = 0; i < n && got == 0; i++) {
        if (i > 0) ift_str_addc(&jq->out, ',');
        got = write_value(jq, jv_array_get(jv_copy(array), i), err);
    }
    ift_str_addc(&jq->out, ']');
    jv_free(array);
    return got;
}

static int write_object(struct ift_jq *jq, jv object, struct ift_err *err) {
    bool first = true;
    int got = 0;
    ift_str_addc(&jq->out, '{');
    for (int i = jv_object_iter(object); jv_object_iter_valid(object, i) && got == 0;
         i = jv_object_iter_next(object, i)) {
        if (!first) ift_str_addc(&jq->out, ',');
        first = false;
        write_string(jq, jv_object_iter_key(object, i));
        ift_str_addc(&jq->out, ':');
        got = write_value(jq, jv_object_iter_value(object, i), err);
    }
    ift_str_addc(&jq->out, '}');
    jv_free(object);
    return got;
}

static int write_value(struct ift_jq *jq, jv value, struct ift_err *err) {
    switch (jv_get_kind(value)) {
    case JV_KIND_NULL:
        ift_str_adds(&jq->out, "null");
        return 0;
    case JV_KIND_FALSE:
        ift_str_adds(&jq->out, "false");
        return 0;
    case JV_KIND_TRUE:
        ift_str_adds(&jq->out, "true");
        return 0;
    case JV_KIND_NUMBER: {
        const double number = jv_number_value(value);
        jv_free(value);
        return write_number(jq, number, err);
    }
    case JV_KIND_STRING:
        write_string(jq, value);
        return 0;
    case JV_KIND_ARRAY:
        return write_array(jq, value, err);
    case JV_KIND_OBJECT:
        return write_object(jq, value, err);
    default:
        jv_free(value);
        return IFT_FAIL(err, "libjq gave an invalid value");
    }
}

/* ---- programs ---- */

/* Keeps the first message; "jq: error: syntax error at <top-level>, line 3:", the program and
 * "jq: 1 compile error" come one after the other. */
static void on_error(void *ctx, jv message) {
    struct ift_str *const out = ctx;
    if (out->n == 0 && jv_get_kind(message) == JV_KIND_STRING) {
        const char *text = jv_string_value(message);
        if (strncmp(text, "jq: error: ", 11) == 0) text += 11;
        ift_str_add(out, text, strcspn(text, "\n"));
        while (out->n > 0 && (out->p[out->n - 1] == ':' || out->p[out->n - 1] == ' '))
            out->p[--out->n] = '\0';
    }
    jv_free(message);
}

/* Stands before every program and hides what libjq would let it reach. It also takes the place in
 * which a program could import others. %Z and %s would tell this machine's time zone. Numbers that
 * are read from strings are made doubles, whose digits no release keeps. */
#define REFUSE(name, parameters)                                                                   \
    "def " name parameters ": error(\"" name " is not for recipes: same input, same output\"); "
static const char fence[] = "def env: {}; def stderr: .; def get_search_list: []; " //
    REFUSE("modulemeta", "") REFUSE("now", "") REFUSE("localtime", "")              //
    REFUSE("strflocaltime", "(f)")                                                  //
    "def ift_strftime(f): strftime(f); "                                            //
    "def strftime(f): f as $f | if ($f | type == \"string\" and "
    "test(\"%[-_0^#]*[0-9]*[EO]?[Zs]\")) "
    "then error(\"strftime with %Z or %s is not for recipes: same input, same output\") "
    "else ift_strftime($f) end; "
    "def ift_tonumber: tonumber; def tonumber: ift_tonumber * 1; "
    "def ift_fromjson: fromjson; def ift_doubles: "
    "if type == \"number\" then . * 1 elif type == \"array\" then map(ift_doubles) "
    "elif type == \"object\" then . as $in | reduce keys_unsorted[] as $k "
    "({}; . + {($k): ($in[$k] | ift_doubles)}) else . end; "
    "def fromjson: ift_fromjson | ift_doubles; "
    "{} as $ENV | ";

/* What `input` and `debug` would reach. libjq 1.6 leaves these unset, not empty. */
static jv no_input(jq_state *state, void *ctx) {
    (void)state;
    (void)ctx;
    return jv_invalid();
}

static void no_message(void *ctx, jv message) {
    (void)ctx;
    jv_free(message);
}

int ift_jq_open(struct ift_jq **result, const char *program, const struct ift_jq_arg *args,
                size_t nargs, struct ift_err *err) {
    struct ift_jq *const jq = ift_alloc0(1, sizeof *jq);
    jq->state = jq_init();
    if (!jq->state) {
        ift_jq_free(jq);
        return IFT_FAIL(err, "libjq cannot start");
    }
    jq_set_input_cb(jq->state, no_input, NULL);
    jq_set_debug_cb(jq->state, no_message, NULL);
    jv named = jv_object();
    for (size_t i = 0; i < nargs; i++) {
        named = jv_object_set(named, jv_string(args[i].name), jv_string(args[i].value));
    }
    struct ift_str message = {0}, fenced = {0};
    ift_str_adds(&fenced, fence);
    ift_jq_numbers(&fenced, program);
    jq_set_error_cb(jq->state, on_error, &message);
    const int ok = jq_compile_args(jq->state, fenced.p, named);
    ift_str_release(&fenced);
    jq_set_error_cb(jq->state, NULL, NULL);
    if (!ok) {
        IFT_FAIL(err, "%s", message.n ? message.p : "libjq does not accept the program");
        ift_jq_free(jq);
    } else {
        *result = jq;
    }
    ift_str_release(&message);
    return ok ? 0 : -1;
}

void ift_jq_free(struct ift_jq *jq) {
    if (!jq) return;
    if (jq->state) jq_teardown(&jq->state);
    for (size_t i = 0; i < jq->literal_cap && i < jq->nliterals; i++)
        ift_str_release(&jq->literal[i].text);
    free(jq->literal);
    ift_str_release(&jq->out);
    ift_str_release(&jq->scratch);
    free(jq);
}

void ift_jq_start(struct ift_jq *jq, const struct ift_json *doc) {
    for (size_t i = 0; i < jq->nliterals; i++) ift_str_release(&jq->literal[i].text);
    jq->nliterals = 0;
    jq_start(jq->state, read_value(jq, doc, 0), 0);
}

/* Why the program stopped; NULL text: it has simply ended. */
static int stopped(struct ift_jq *jq, jv last, struct ift_err *err) {
    jv message = jv_null();
    if (jq_halted(jq->state)) {
        jv_free(last);
        jv_free(message);
        message = jq_get_error_message(jq->state);
    } else if (jv_invalid_has_msg(jv_copy(last))) {
        message = jv_invalid_get_msg(last);
    } else {
        jv_free(last);
        jv_free(message);
        return 0;
    }
    if (jv_get_kind(message) != JV_KIND_STRING) message = jv_dump_string(message, 0);
    IFT_FAIL(err, "%s", jv_string_value(message));
    jv_free(message);
    return -1;
}

int ift_jq_next(struct ift_jq *jq, struct ift_slice *out, struct ift_err *err) {
    jv value = jq_next(jq->state);
    if (!jv_is_valid(value)) return stopped(jq, value, err);
    ift_str_clear(&jq->out);
    IFT_TRY(write_value(jq, value, err));
    *out = ift_str_slice(&jq->out);
    return 1;
}
