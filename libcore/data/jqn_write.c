#include <limits.h>
#include <math.h>
#include <string.h>

#include "libcore/data/jqn_program.h"

static void write_text(struct ift_json *tape, struct ift_str *out, struct jqn_value v) {
    const size_t from = out->n;
    ift_json_quote(out, v.u.text, v.n);
    ift_json_leaf(tape, IFT_JSON_STRING, out->n - from != v.n + 2u, from, out->n);
}

/* Without quotes. Returns whether something is escaped. */
static bool write_piece(struct jqn_heap *h, struct ift_str *out, struct jqn_value v) {
    if (!v.own && h->doc->node[v.n].escaped < 2) {
        const struct ift_json_node *const n = &h->doc->node[v.n];
        ift_str_add(out, h->doc->text + n->from + 1, n->to - n->from - 2);
        return n->escaped;
    }
    const struct ift_slice text = jqn_text(h, v);
    const size_t from = out->n;
    if (jqn_has_json(v))
        ift_str_add(out, jqn_json(v).p + 1, jqn_json(v).n - 2);
    else
        ift_json_escape(out, text.p, text.n);
    return out->n - from != text.n;
}

/* Strings one after the other, as one. */
static void write_strings(struct jqn_heap *h, struct ift_json *tape, struct ift_str *out,
                          const struct jqn_value *string, size_t n) {
    const size_t from = out->n;
    bool escaped = false;
    ift_str_addc(out, '"');
    for (size_t i = 0; i < n; i++) {
        const bool rope = jqn_is_rope(string[i]);
        const struct jqn_value *const piece = rope ? string[i].u.rope->piece : &string[i];
        const size_t pieces = rope ? string[i].n : 1;
        for (size_t k = 0; k < pieces; k++) escaped |= write_piece(h, out, piece[k]);
    }
    ift_str_addc(out, '"');
    ift_json_leaf(tape, IFT_JSON_STRING, escaped, from, out->n);
}

/* A string whose JSON is there, between `before` and `after`: all literals. */
static inline void write_ready(struct ift_json *tape, struct ift_str *out, const char *before,
                               struct jqn_value v, const char *after) {
    const struct ift_slice json = jqn_json(v);
    char *const from = ift_str_reserve(out, json.n + 2), *to = from;
    while (*before) *to++ = *before++;
    const size_t at = out->n + (size_t)(to - from);
    ift_bytes_copy(to, json.p, json.n);
    to += json.n;
    ift_json_leaf(tape, IFT_JSON_STRING, v.depth > 2, at, at + json.n);
    while (*after) *to++ = *after++;
    *to = '\0';
    out->n += (size_t)(to - from);
}

static inline void write_key(struct jqn_heap *h, struct ift_json *tape, struct ift_str *out,
                             struct jqn_value key, bool first) {
    if (jqn_has_json(key)) {
        if (first)
            write_ready(tape, out, "", key, ":");
        else
            write_ready(tape, out, ",", key, ":");
    } else {
        if (!first) ift_str_addc(out, ',');
        jqn_write(h, tape, out, key);
        ift_str_addc(out, ':');
    }
}

static void write_array(struct jqn_heap *h, struct ift_json *tape, struct ift_str *out,
                        struct jqn_value array) {
    const size_t node = ift_json_begin(tape, IFT_JSON_ARRAY, out->n);
    ift_str_addc(out, '[');
    for (size_t i = 0; i < array.n; i++) {
        if (i > 0) ift_str_addc(out, ',');
        jqn_write(h, tape, out, array.u.item[i]);
    }
    ift_str_addc(out, ']');
    ift_json_end(tape, node, array.n, out->n);
}

static void write_object(struct jqn_heap *h, struct ift_json *tape, struct ift_str *out,
                         struct jqn_value object) {
    const size_t node = ift_json_begin(tape, IFT_JSON_OBJECT, out->n);
    ift_str_addc(out, '{');
    for (size_t i = 0; i < object.n; i++) {
        write_key(h, tape, out, object.u.member[i].key, i == 0);
        jqn_write(h, tape, out, object.u.member[i].value);
    }
    ift_str_addc(out, '}');
    ift_json_end(tape, node, object.n, out->n);
}

static void write_scalar(struct ift_json *tape, struct ift_str *out, struct jqn_value v) {
    static const char *const word[] = {"null", "false", "true"};
    const size_t node = ift_json_begin(tape, v.type, out->n);
    if (v.type == IFT_JSON_NUMBER) {
        ift_json_number(out, v.u.number);
        if (tape && isnan(v.u.number)) tape->node[node].type = IFT_JSON_NULL;
    } else {
        ift_str_adds(out, word[v.type]);
    }
    ift_json_end(tape, node, 0, out->n);
}

void jqn_write(struct jqn_heap *h, struct ift_json *tape, struct ift_str *out, struct jqn_value v) {
    if (!v.own) {
        ift_json_copy_on(tape, out, h->doc, (int)v.n);
    } else if (jqn_has_json(v)) {
        write_ready(tape, out, "", v, "");
    } else if (v.type == IFT_JSON_STRING && v.depth == JQN_ROPE) {
        write_strings(h, tape, out, &v, 1);
    } else if (v.type == IFT_JSON_STRING) {
        write_text(tape, out, v);
    } else if (v.type == IFT_JSON_ARRAY) {
        write_array(h, tape, out, v);
    } else if (v.type == IFT_JSON_OBJECT) {
        write_object(h, tape, out, v);
    } else {
        write_scalar(tape, out, v);
    }
}

/* What stands in the document as it would be written is copied here and now. */
static inline void write_node(struct ift_json *tape, struct ift_str *out,
                              const struct ift_json *doc, int node) {
    const struct ift_json_node *const n = &doc->node[node];
    if (n->type >= IFT_JSON_ARRAY || n->escaped > 1) {
        ift_json_copy_on(tape, out, doc, node);
        return;
    }
    const size_t from = out->n;
    ift_str_add(out, doc->text + n->from, n->to - n->from);
    ift_json_leaf(tape, n->type, n->escaped, from, out->n);
}

/* The most frequent value of an object that is made: a field of the document's. */
static inline bool is_field(const struct jqn_expr *e, struct jqn_value in) {
    return e->op == JQN_FIELD && e->a->op == JQN_IDENTITY && in.type == IFT_JSON_OBJECT && !in.own;
}

static void write_field(const struct jqn_heap *h, const struct jqn_expr *e, struct jqn_value in,
                        struct ift_json *tape, struct ift_str *out) {
    const struct ift_slice key = {e->literal.u.text, e->literal.n};
    const struct jqn_value v = jqn_get_node(h->doc, (int)in.n, key);
    if (v.own)
        write_scalar(tape, out, v);
    else
        write_node(tape, out, h->doc, (int)v.n);
}

/* What is being written: its end, within how many containers. */
struct writer {
    struct ift_json *tape;
    struct ift_str *out;
    unsigned depth;
};

static int eval_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                   struct writer w);

static int write_made(struct jqn_run *x, struct jqn_value v, struct writer w) {
    const bool container = v.own && v.type >= IFT_JSON_ARRAY;
    if (container && w.depth) JQN_TRY(jqn_check_depth(x, w.depth + v.depth));
    jqn_write(&x->heap, w.tape, w.out, v);
    return JQN_OK;
}

/* {…} whose keys are known. */
static int eval_object_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct writer w) {
    const struct writer inside = {w.tape, w.out, w.depth + 1};
    const size_t node = ift_json_begin(w.tape, IFT_JSON_OBJECT, w.out->n);
    ift_str_addc(w.out, '{');
    for (size_t i = 0; i < e->nparts; i += 2) {
        write_key(&x->heap, w.tape, w.out, e->part[i]->literal, i == 0);
        const struct jqn_expr *const value = e->part[i + 1];
        if (is_field(value, in))
            write_field(&x->heap, value, in, w.tape, w.out);
        else if (value->op == JQN_LITERAL && jqn_has_json(value->literal))
            write_ready(w.tape, w.out, "", value->literal, "");
        else
            JQN_TRY(eval_to(x, value, in, inside));
    }
    ift_str_addc(w.out, '}');
    ift_json_end(w.tape, node, e->nparts / 2, w.out->n);
    return JQN_OK;
}

/* [a]: the values of a, written as they come. */
struct elements {
    struct jqn_sink sink;
    struct writer inside;
    size_t n;
};

static struct writer next_element(struct elements *all) {
    if (all->n++ > 0) ift_str_addc(all->inside.out, ',');
    return all->inside;
}

static int check_room(struct jqn_run *x, const struct elements *all) {
    const struct writer w = all->inside;
    return jqn_check_room(x, w.out->n + w.tape->n * sizeof *w.tape->node);
}

static int take_element(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    struct elements *const all = (struct elements *)sink;
    JQN_TRY(check_room(x, all));
    return write_made(x, v, next_element(all));
}

static int make_element(struct jqn_run *x, struct jqn_sink *sink, const struct jqn_expr *e,
                        struct jqn_value in) {
    struct elements *const all = (struct elements *)sink;
    JQN_TRY(check_room(x, all));
    return eval_to(x, e, in, next_element(all));
}

static int eval_array_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                         struct writer w) {
    struct elements all = {{take_element, make_element}, {w.tape, w.out, w.depth + 1}, 0};
    const size_t node = ift_json_begin(w.tape, IFT_JSON_ARRAY, w.out->n);
    ift_str_addc(w.out, '[');
    if (e->a) JQN_TRY(jqn_generate(x, e->a, in, &all.sink));
    ift_str_addc(w.out, ']');
    ift_json_end(w.tape, node, all.n, w.out->n);
    return JQN_OK;
}

/* Strings that are made to be written need not be one before. */
static int write_joined(struct jqn_run *x, const struct jqn_value *string, size_t n,
                        struct writer w) {
    const size_t from = w.out->n, node = w.tape->n;
    write_strings(&x->heap, w.tape, w.out, string, n);
    if (w.out->n - from <= INT_MAX / 2) return JQN_OK;
    struct jqn_value whole;
    w.out->n = from;
    w.tape->n = node;
    JQN_TRY(jqn_join(x, string, n, &whole)); /* which knows what is too long */
    return write_made(x, whole, w);
}

static int eval_string_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct writer w) {
    struct jqn_value *part;
    JQN_TRY(jqn_parts(x, e, in, &part));
    return write_joined(x, part, e->nparts, w);
}

static int eval_sum_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                       struct writer w) {
    struct jqn_value term[JQN_TERMS], sum;
    size_t first, i;
    JQN_TRY(jqn_terms(x, e, in, term, &first));
    for (i = first; i < JQN_TERMS && term[i].type == IFT_JSON_STRING; i++) continue;
    if (i == JQN_TERMS) return write_joined(x, term + first, JQN_TERMS - first, w);
    JQN_TRY(jqn_sum(x, term + first, JQN_TERMS - first, &sum));
    return write_made(x, sum, w);
}

static int eval_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                   struct writer w) {
    struct jqn_value v;
    switch (e->op) {
    case JQN_OBJECT:
        if (e->distinct) return eval_object_to(x, e, in, w);
        break;
    case JQN_ARRAY:
        return eval_array_to(x, e, in, w);
    case JQN_STRING:
        return eval_string_to(x, e, in, w);
    case JQN_ADD:
        return eval_sum_to(x, e, in, w);
    case JQN_PIPE:
        JQN_TRY(jqn_eval(x, e->a, in, &v));
        return eval_to(x, e->b, v, w);
    case JQN_BIND:
        JQN_TRY(jqn_eval(x, e->a, in, &x->slot[e->slot]));
        return eval_to(x, e->b, in, w);
    case JQN_IF:
        JQN_TRY(jqn_eval(x, e->a, in, &v));
        return eval_to(x, jqn_truthy(v) ? e->b : e->c, in, w);
    default:
        break;
    }
    JQN_TRY(jqn_eval(x, e, in, &v));
    return write_made(x, v, w);
}

int jqn_eval_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                struct ift_json *tape, struct ift_str *out) {
    return eval_to(x, e, in, (struct writer){tape, out, 0});
}
