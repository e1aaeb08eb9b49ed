#include "libcore/data/jqn_program.h"

/* A value of the document that is looked at, as one of our own. */
static struct jqn_value own(struct jqn_run *x, struct jqn_value v);

static struct jqn_value own_array(struct jqn_run *x, struct jqn_value v) {
    size_t n;
    const struct jqn_value *const item = jqn_items(&x->heap, v, &n);
    struct jqn_value *const copy = ift_arena_alloc(&x->heap.arena, n * sizeof *copy);
    for (size_t i = 0; i < n; i++) copy[i] = own(x, item[i]);
    return jqn_array(copy, n);
}

static struct jqn_value own_object(struct jqn_run *x, struct jqn_value v) {
    size_t n;
    const struct jqn_member *const member = jqn_members(&x->heap, v, &n);
    struct jqn_member *const copy = ift_arena_alloc(&x->heap.arena, n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct jqn_member){own(x, member[i].key), own(x, member[i].value)};
    return jqn_object(copy, n);
}

static struct jqn_value own(struct jqn_run *x, struct jqn_value v) {
    switch ((enum ift_json_type)v.type) {
    case IFT_JSON_NUMBER:
        return jqn_double(jqn_number(&x->heap, v));
    case IFT_JSON_STRING: {
        const struct ift_slice text = jqn_text(&x->heap, v);
        return jqn_text_value(text.p, text.n); /* which stays: the string parsed, or the arena */
    }
    case IFT_JSON_ARRAY:
        return own_array(x, v);
    case IFT_JSON_OBJECT:
        return own_object(x, v);
    default:
        return jqn_const((enum ift_json_type)v.type);
    }
}

int jqn_fromjson(struct jqn_run *x, struct jqn_value in, struct jqn_value *out) {
    struct ift_err unused = {0};
    if (in.type != IFT_JSON_STRING) return JQN_LEAVE;
    const struct ift_slice text = jqn_text(&x->heap, in);
    double number;
    if (jqn_short_number(text, &number)) {
        *out = jqn_double(number);
        return JQN_OK;
    }
    /* What is not JSON to us may be to libjq ("nan"), and it words the error. */
    if (text.n == 0 || ift_json_parse(&x->parsed, text.p, text.n, &unused) < 0) return JQN_LEAVE;
    const struct ift_json *const doc = x->heap.doc;
    x->heap.doc = &x->parsed;
    const struct jqn_value v = own(x, jqn_node(&x->parsed, 0));
    x->heap.doc = doc;
    *out = v;
    return v.type >= IFT_JSON_ARRAY ? jqn_check_depth(x, v.depth) : JQN_OK;
}
