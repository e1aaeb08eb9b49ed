#include "libcore/data/jqn_program.h"

/* A value of the document of its own, in the run's memory. */
static struct jqn_value own(struct jqn_run *x, struct jqn_heap *from, struct jqn_value v);

static struct jqn_value own_array(struct jqn_run *x, struct jqn_heap *from, struct jqn_value v) {
    size_t n;
    const struct jqn_value *const item = jqn_items(from, v, &n);
    struct jqn_value *const copy = ift_arena_alloc(&x->heap.arena, n * sizeof *copy);
    for (size_t i = 0; i < n; i++) copy[i] = own(x, from, item[i]);
    return jqn_array(copy, n);
}

static struct jqn_value own_object(struct jqn_run *x, struct jqn_heap *from, struct jqn_value v) {
    size_t n;
    const struct jqn_member *const member = jqn_members(from, v, &n);
    struct jqn_member *const copy = ift_arena_alloc(&x->heap.arena, n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct jqn_member){own(x, from, member[i].key), own(x, from, member[i].value)};
    return jqn_object(copy, n);
}

static struct jqn_value own(struct jqn_run *x, struct jqn_heap *from, struct jqn_value v) {
    switch ((enum ift_json_type)v.type) {
    case IFT_JSON_NUMBER:
        return jqn_double(jqn_number(from, v));
    case IFT_JSON_STRING: {
        const struct ift_slice text = jqn_text(from, v);
        return jqn_text_value(ift_arena_strndup(&x->heap.arena, text.p, text.n), text.n);
    }
    case IFT_JSON_ARRAY:
        return own_array(x, from, v);
    case IFT_JSON_OBJECT:
        return own_object(x, from, v);
    default:
        return jqn_const((enum ift_json_type)v.type);
    }
}

int jqn_fromjson(struct jqn_run *x, struct jqn_value in, struct jqn_value *out) {
    struct ift_json doc = {0};
    struct ift_err unused = {0};
    if (in.type != IFT_JSON_STRING) return JQN_LEAVE;
    const struct ift_slice text = jqn_text(&x->heap, in);
    /* What is not JSON to us may be to libjq ("nan"), and it words the error. */
    int rc = JQN_LEAVE;
    if (text.n > 0 && ift_json_parse(&doc, text.p, text.n, &unused) == 0) {
        struct jqn_heap from = {.doc = &doc};
        const struct jqn_value v = own(x, &from, jqn_node(&doc, 0));
        rc = v.type >= IFT_JSON_ARRAY ? jqn_made(x, v, out) : JQN_OK;
        *out = v;
        ift_arena_release(&from.arena);
    }
    ift_json_release(&doc);
    return rc;
}
