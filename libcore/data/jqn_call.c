#include <limits.h>
#include <math.h>
#include <string.h>

#include "libcore/data/jqn_program.h"
#include "libcore/io/utf8.h"

/* The functions of one value to one value; what each does is jq 1.6's manual, or its source where
 * that is silent. */

typedef struct jqn_value value;

static bool is_string(value v) {
    return v.type == IFT_JSON_STRING;
}

static bool starts(struct ift_slice s, struct ift_slice with) {
    return s.n >= with.n && (with.n == 0 || memcmp(s.p, with.p, with.n) == 0);
}

static bool ends(struct ift_slice s, struct ift_slice with) {
    return s.n >= with.n && (with.n == 0 || memcmp(s.p + s.n - with.n, with.p, with.n) == 0);
}

/* memmem, which takes its time to begin, for texts and parts as short as most are. */
static const char *find_part(const char *p, const char *end, struct ift_slice part) {
    enum { SHORT = 16 };
    if (part.n > SHORT) return memmem(p, (size_t)(end - p), part.p, part.n);
    for (; (size_t)(end - p) >= part.n; p++) {
        p = memchr(p, part.p[0], (size_t)(end - p) - part.n + 1);
        if (!p || ift_bytes_eq(p, part.p, part.n)) return p;
    }
    return NULL;
}

/* ---- of any value ---- */

static int call_not(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)x, (void)arg;
    *out = jqn_bool(!jqn_truthy(in));
    return JQN_OK;
}

static int call_type(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)x, (void)arg;
    const char *const name = jqn_type_name(in);
    *out = jqn_text_value(name, strlen(name));
    return JQN_OK;
}

static int call_length(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    double n = 0;
    if (jqn_is_boolean(in)) return jqn_fail(x, "boolean has no length");
    if (in.type == IFT_JSON_NUMBER) n = fabs(jqn_number(&x->heap, in));
    if (is_string(in)) {
        const struct ift_slice text = jqn_text(&x->heap, in);
        n = (double)ift_utf8_count(text.p, text.n);
    }
    if (in.type >= IFT_JSON_ARRAY) n = (double)jqn_count(&x->heap, in);
    *out = jqn_double(n);
    return JQN_OK;
}

static int call_tostring(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    *out = jqn_to_string(x, in);
    return JQN_OK;
}

static int call_tojson(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    ift_str_clear(&x->scratch);
    jqn_write(&x->heap, NULL, &x->scratch, in);
    *out =
        jqn_text_value(ift_arena_strndup(&x->heap.arena, x->scratch.p, x->scratch.n), x->scratch.n);
    return JQN_OK;
}

static int call_fromjson(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return jqn_fromjson(x, in, out);
}

static int raise(struct jqn_run *x, value message) {
    if (message.type == IFT_JSON_NULL) return JQN_LEAVE; /* which is odd in every release */
    const struct ift_slice text = jqn_text(&x->heap, jqn_to_string(x, message));
    IFT_FAIL(&x->err, "%.*s", (int)(text.n < sizeof x->err.text ? text.n : sizeof x->err.text),
             text.p);
    return JQN_FAILED;
}

static int call_error(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg, (void)out;
    return raise(x, in);
}

static int call_error_with(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)in, (void)out;
    return raise(x, arg[0]);
}

/* ---- of containers ---- */

int jqn_elements(struct jqn_run *x, value in, const value **item, size_t *n) {
    if (in.type == IFT_JSON_ARRAY) {
        *item = jqn_items(&x->heap, in, n);
        return JQN_OK;
    }
    if (in.type != IFT_JSON_OBJECT) return jqn_cannot_iterate(x, in);
    const struct jqn_member *const member = jqn_members(&x->heap, in, n);
    value *const values = ift_arena_alloc(&x->heap.arena, *n * sizeof *values);
    for (size_t i = 0; i < *n; i++) values[i] = member[i].value;
    *item = values;
    return JQN_OK;
}

static int call_add(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    const value *item;
    size_t n, strings = 0;
    JQN_TRY(jqn_elements(x, in, &item, &n));
    while (strings < n && is_string(item[strings])) strings++;
    if (n > 0 && strings == n) return jqn_join(x, item, n, out);
    *out = jqn_const(IFT_JSON_NULL);
    for (size_t i = 0; i < n; i++) JQN_TRY(jqn_add(x, *out, item[i], out));
    return JQN_OK;
}

static int any_is(struct jqn_run *x, value in, bool wanted, bool found, value *out) {
    const value *item;
    size_t n, i = 0;
    JQN_TRY(jqn_elements(x, in, &item, &n));
    while (i < n && jqn_truthy(item[i]) != wanted) i++;
    *out = jqn_bool(i < n ? found : !found);
    return JQN_OK;
}

static int call_any(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return any_is(x, in, true, true, out);
}

static int call_all(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return any_is(x, in, false, false, out);
}

static int call_first(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return jqn_binary(x, JQN_INDEX, in, jqn_double(0), out);
}

static int call_last(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return jqn_binary(x, JQN_INDEX, in, jqn_double(-1), out);
}

/* The first of the least, the last of the greatest. */
static int extreme(struct jqn_run *x, value in, bool greatest, value *out) {
    if (in.type != IFT_JSON_ARRAY) return JQN_LEAVE; /* whose releases word the error */
    size_t n;
    const value *const item = jqn_items(&x->heap, in, &n);
    *out = n ? item[0] : jqn_const(IFT_JSON_NULL);
    for (size_t i = 1; i < n; i++) {
        if ((jqn_compare(&x->heap, item[i], *out) >= 0) == greatest) *out = item[i];
    }
    return JQN_OK;
}

static int call_min(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return extreme(x, in, false, out);
}

static int call_max(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return extreme(x, in, true, out);
}

static int call_has(struct jqn_run *x, value in, const value *arg, value *out) {
    if (in.type == IFT_JSON_OBJECT && is_string(arg[0])) {
        *out = jqn_bool(jqn_has(&x->heap, in, jqn_text(&x->heap, arg[0])));
        return JQN_OK;
    }
    if (in.type == IFT_JSON_ARRAY && arg[0].type == IFT_JSON_NUMBER) {
        const double i = jqn_number(&x->heap, arg[0]);
        if (i != floor(i)) return JQN_LEAVE;
        *out = jqn_bool(i >= 0 && i < (double)jqn_count(&x->heap, in));
        return JQN_OK;
    }
    if (in.type == IFT_JSON_NULL || arg[0].type == IFT_JSON_OBJECT) return JQN_LEAVE;
    return jqn_fail(x, "Cannot check whether %s has a %s key", jqn_type_name(in),
                    jqn_type_name(arg[0]));
}

static int indexes(struct jqn_run *x, value array, value *out) {
    const size_t n = jqn_count(&x->heap, array);
    value *const item = ift_arena_alloc(&x->heap.arena, n * sizeof *item);
    for (size_t i = 0; i < n; i++) item[i] = jqn_double((double)i);
    *out = jqn_array(item, n);
    return JQN_OK;
}

static int keys(struct jqn_run *x, value in, bool sorted, value *out) {
    if (in.type == IFT_JSON_ARRAY) return indexes(x, in, out);
    if (in.type != IFT_JSON_OBJECT) return jqn_fail(x, "%s has no keys", jqn_type_name(in));
    size_t n;
    const struct jqn_member *const member =
        sorted ? jqn_sorted(&x->heap, in, &n) : jqn_members(&x->heap, in, &n);
    value *const item = ift_arena_alloc(&x->heap.arena, n * sizeof *item);
    for (size_t i = 0; i < n; i++) item[i] = member[i].key;
    *out = jqn_array(item, n);
    return JQN_OK;
}

static int call_keys(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return keys(x, in, true, out);
}

static int call_keys_unsorted(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return keys(x, in, false, out);
}

static int call_to_entries(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    value key;
    const value *v;
    size_t n;
    JQN_TRY(keys(x, in, false, &key));
    JQN_TRY(jqn_elements(x, in, &v, &n));
    value *const item = ift_arena_alloc(&x->heap.arena, n * sizeof *item);
    for (size_t i = 0; i < n; i++) {
        struct jqn_member *const pair = ift_arena_alloc(&x->heap.arena, 2 * sizeof *pair);
        pair[0] = (struct jqn_member){jqn_text_value("key", 3), key.u.item[i]};
        pair[1] = (struct jqn_member){jqn_text_value("value", 5), v[i]};
        JQN_TRY(jqn_made(x, jqn_object(pair, 2), &item[i]));
    }
    return jqn_made(x, jqn_array(item, n), out);
}

/* The argument is the list of keys that the parser found. */
static int call_del(struct jqn_run *x, value in, const value *arg, value *out) {
    *out = in;
    if (in.type == IFT_JSON_NULL) return JQN_OK;
    if (in.type != IFT_JSON_OBJECT) return jqn_field(x, in, arg[0].u.item[0], out);
    size_t n, kept = 0;
    const struct jqn_member *const member = jqn_members(&x->heap, in, &n);
    struct jqn_member *const rest = ift_arena_alloc(&x->heap.arena, n * sizeof *rest);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < arg[0].n && jqn_compare(&x->heap, member[i].key, arg[0].u.item[k]) != 0) k++;
        if (k == arg[0].n) rest[kept++] = member[i];
    }
    *out = jqn_object(rest, kept);
    return JQN_OK;
}

static bool contains(struct jqn_run *x, value a, value b) {
    size_t na, nb;
    if (a.type != b.type) return false;
    if (is_string(a)) {
        const struct ift_slice s = jqn_text(&x->heap, a), part = jqn_text(&x->heap, b);
        return part.n == 0 || find_part(s.p, s.p + s.n, part) != NULL;
    }
    if (a.type == IFT_JSON_OBJECT) {
        const struct jqn_member *const m = jqn_members(&x->heap, b, &nb);
        for (size_t i = 0; i < nb; i++) {
            const struct ift_slice key = jqn_text(&x->heap, m[i].key);
            if (!jqn_has(&x->heap, a, key) || !contains(x, jqn_get(&x->heap, a, key), m[i].value))
                return false;
        }
        return true;
    }
    if (a.type != IFT_JSON_ARRAY) return jqn_compare(&x->heap, a, b) == 0;
    const value *const p = jqn_items(&x->heap, a, &na), *const q = jqn_items(&x->heap, b, &nb);
    for (size_t i = 0; i < nb; i++) {
        size_t k = 0;
        while (k < na && !contains(x, p[k], q[i])) k++;
        if (k == na) return false;
    }
    return true;
}

static int call_contains(struct jqn_run *x, value in, const value *arg, value *out) {
    if (in.type != arg[0].type) {
        return jqn_fail(x, "%s and %s cannot have their containment checked", jqn_type_name(in),
                        jqn_type_name(arg[0]));
    }
    *out = jqn_bool(contains(x, in, arg[0]));
    return JQN_OK;
}

/* ---- of strings ---- */

/* What stands between the elements: numbers and booleans as JSON, null as nothing. */
static int call_join(struct jqn_run *x, value in, const value *arg, value *out) {
    const value *item;
    size_t n, parts = 0;
    JQN_TRY(jqn_elements(x, in, &item, &n));
    if (n > 1 && !is_string(arg[0]) && arg[0].type != IFT_JSON_NULL) {
        return jqn_fail(x, "string and %s cannot be added", jqn_type_name(arg[0]));
    }
    value *const part = ift_arena_alloc(&x->heap.arena, 2 * n * sizeof *part);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && is_string(arg[0])) part[parts++] = arg[0];
        if (item[i].type == IFT_JSON_NULL) continue;
        if (item[i].type >= IFT_JSON_ARRAY)
            return jqn_fail(x, "string and %s cannot be added", jqn_type_name(item[i]));
        part[parts++] = jqn_to_string(x, item[i]);
    }
    return jqn_join(x, part, parts, out);
}

int jqn_split(struct jqn_run *x, value text, value separator, value *out) {
    const struct ift_slice s = jqn_text(&x->heap, text), by = jqn_text(&x->heap, separator);
    size_t n = by.n ? 1 : ift_utf8_count(s.p, s.n);
    const char *p = s.p, *const end = s.p + s.n, *at;
    for (; by.n && (at = find_part(p, end, by)) != NULL; n++) p = at + by.n;
    value *const item = ift_arena_alloc(&x->heap.arena, n * sizeof *item);
    p = s.p;
    for (size_t i = 0; i < n; i++) {
        if (by.n) {
            at = find_part(p, end, by);
        } else {
            for (at = p + 1; at < end && (*at & 0xc0) == 0x80; at++) continue;
        }
        if (!at) at = end;
        item[i] = jqn_text_value(p, (size_t)(at - p));
        p = at + by.n;
    }
    *out = jqn_array(item, s.n ? n : 0);
    return JQN_OK;
}

int jqn_replace(struct jqn_run *x, value text, value part, value by, value *out) {
    if (!is_string(text)) return jqn_fail(x, "split input and separator must be strings");
    const struct ift_slice s = jqn_text(&x->heap, text), old = {part.u.text, part.n};
    const char *const end = s.p + s.n, *p, *at;
    size_t n = 0;
    for (p = s.p; (at = find_part(p, end, old)) != NULL; n++) p = at + old.n;
    *out = text;
    if (n == 0) return JQN_OK;
    const size_t length = s.n - n * old.n + n * by.n;
    if (length > INT_MAX / 2) return jqn_too_long(x);
    char *const whole = ift_arena_alloc(&x->heap.arena, length), *to = whole;
    for (p = s.p; n-- > 0; p = at + old.n) {
        at = find_part(p, end, old);
        ift_bytes_copy(to, p, (size_t)(at - p));
        to += at - p;
        ift_bytes_copy(to, by.u.text, by.n);
        to += by.n;
    }
    ift_bytes_copy(to, p, (size_t)(end - p));
    *out = jqn_text_value(whole, length);
    return JQN_OK;
}

static int call_split(struct jqn_run *x, value in, const value *arg, value *out) {
    if (!is_string(in) || !is_string(arg[0]))
        return jqn_fail(x, "split input and separator must be strings");
    return jqn_split(x, in, arg[0], out);
}

static int call_startswith(struct jqn_run *x, value in, const value *arg, value *out) {
    if (!is_string(in) || !is_string(arg[0]))
        return jqn_fail(x, "startswith() requires string inputs");
    *out = jqn_bool(starts(jqn_text(&x->heap, in), jqn_text(&x->heap, arg[0])));
    return JQN_OK;
}

static int call_endswith(struct jqn_run *x, value in, const value *arg, value *out) {
    if (!is_string(in) || !is_string(arg[0]))
        return jqn_fail(x, "endswith() requires string inputs");
    *out = jqn_bool(ends(jqn_text(&x->heap, in), jqn_text(&x->heap, arg[0])));
    return JQN_OK;
}

static int call_ltrimstr(struct jqn_run *x, value in, const value *arg, value *out) {
    *out = in;
    if (!is_string(in) || !is_string(arg[0])) return JQN_OK;
    const struct ift_slice s = jqn_text(&x->heap, in), part = jqn_text(&x->heap, arg[0]);
    if (starts(s, part)) *out = jqn_text_value(s.p + part.n, s.n - part.n);
    return JQN_OK;
}

static int call_rtrimstr(struct jqn_run *x, value in, const value *arg, value *out) {
    *out = in;
    if (!is_string(in) || !is_string(arg[0])) return JQN_OK;
    const struct ift_slice s = jqn_text(&x->heap, in), part = jqn_text(&x->heap, arg[0]);
    if (ends(s, part)) *out = jqn_text_value(s.p, s.n - part.n);
    return JQN_OK;
}

/* ASCII letters from `from` on get their case turned. */
static int turn_case(struct jqn_run *x, value in, char from, value *out) {
    if (!is_string(in)) return jqn_fail(x, "explode input must be a string");
    const struct ift_slice s = jqn_text(&x->heap, in);
    char *const text = ift_arena_alloc(&x->heap.arena, s.n);
    for (size_t i = 0; i < s.n; i++)
        text[i] = (unsigned char)(s.p[i] - from) < 26 ? s.p[i] ^ 0x20 : s.p[i];
    *out = jqn_text_value(text, s.n);
    return JQN_OK;
}

static int call_ascii_downcase(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return turn_case(x, in, 'A', out);
}

static int call_ascii_upcase(struct jqn_run *x, value in, const value *arg, value *out) {
    (void)arg;
    return turn_case(x, in, 'a', out);
}

const struct jqn_function jqn_functions[] = {
    {"not", 0, call_not},
    {"type", 0, call_type},
    {"length", 0, call_length},
    {"tostring", 0, call_tostring},
    {"tojson", 0, call_tojson},
    {"fromjson", 0, call_fromjson},
    {"error", 0, call_error},
    {"error", 1, call_error_with},
    {"add", 0, call_add},
    {"any", 0, call_any},
    {"all", 0, call_all},
    {"first", 0, call_first},
    {"last", 0, call_last},
    {"min", 0, call_min},
    {"max", 0, call_max},
    {"has", 1, call_has},
    {"keys", 0, call_keys},
    {"keys_unsorted", 0, call_keys_unsorted},
    {"to_entries", 0, call_to_entries},
    {"del", 1, call_del},
    {"contains", 1, call_contains},
    {"join", 1, call_join},
    {"split", 1, call_split},
    {"startswith", 1, call_startswith},
    {"endswith", 1, call_endswith},
    {"ltrimstr", 1, call_ltrimstr},
    {"rtrimstr", 1, call_rtrimstr},
    {"ascii_downcase", 0, call_ascii_downcase},
    {"ascii_upcase", 0, call_ascii_upcase},
    {NULL, 0, NULL},
};
