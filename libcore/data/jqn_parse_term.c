#include "libcore/data/jqn_parse.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_EXPRS = 20000 };

static const struct jqn_expr *parse_string(struct jqn_parser *p) {
    struct jqn_expr *const e = jqn_new_expr(p, JQN_STRING, NULL, NULL, NULL);
    struct ift_str text = {0};
    size_t cap = 0;
    bool ok = true;
    p->p++;
    for (;;) {
        ift_str_clear(&text);
        ok = jqn_string_piece(p, &text);
        if (!ok) jqn_lacks(p, "a string that is not right");
        if (!ok) break;
        if (text.n > 0 || e->nparts == 0)
            jqn_add_part(e, &cap, jqn_text_literal(p, text.p, text.n));
        if (*p->p == '"') break;
        p->p += 2;
        const struct jqn_expr *const inner = jqn_parse_pipe(p);
        ok = inner && jqn_take(p, ")");
        if (!ok) break;
        jqn_add_part(e, &cap, inner);
    }
    ift_str_release(&text);
    if (ok) p->p++;
    return jqn_settle_parts(p, e, ok) ? jqn_known_string(p, e) : NULL;
}

/* ---- terms ---- */

static const struct jqn_expr *parse_number(struct jqn_parser *p) {
    size_t n = strspn(p->p, "0123456789."), dots = 0;
    for (size_t i = 0; i < n; i++) dots += p->p[i] == '.';
    if (p->p[n] == 'e' || p->p[n] == 'E') {
        const size_t sign = p->p[n + 1] == '+' || p->p[n + 1] == '-';
        const size_t digits = strspn(p->p + n + 1 + sign, "0123456789");
        if (digits) n += 1 + sign + digits;
    }
    char text[64];
    if (dots > 1 || n == dots || n >= sizeof text)
        return jqn_lacks(p, "a number that is not right");
    memcpy(text, p->p, n);
    text[n] = '\0';
    p->p += n;
    return jqn_new_literal(p, jqn_double(strtod(text, NULL)));
}

static const struct jqn_expr *find_variable(struct jqn_parser *p, struct ift_slice name) {
    for (const struct jqn_scope *s = p->scope; s; s = s->outer) {
        if (!s->function && ift_slice_eq(s->name, name)) return s->value;
    }
    return jqn_lacks(p, "a variable that is not bound");
}

static const struct jqn_expr *parse_variable(struct jqn_parser *p) {
    const struct ift_slice name = jqn_word_at(++p->p);
    if (name.n == 0 || jqn_is_keyword(name)) return jqn_lacks(p, "$ without a name");
    p->p += name.n;
    return find_variable(p, name);
}

static const struct jqn_expr *parse_if(struct jqn_parser *p) {
    const struct jqn_expr *const cond = jqn_parse_pipe(p);
    if (!cond || !jqn_take_word(p, "then")) return jqn_lacks(p, "if without then");
    const struct jqn_expr *const yes = jqn_parse_pipe(p), *no = NULL;
    if (!yes) return NULL;
    if (jqn_take_word(p, "elif")) {
        no = parse_if(p);
        return no ? jqn_new_if(p, cond, yes, no) : NULL;
    }
    if (!jqn_take_word(p, "else")) return jqn_lacks(p, "if without else");
    no = jqn_parse_pipe(p);
    if (!no || !jqn_take_word(p, "end")) return jqn_lacks(p, "if without end");
    return jqn_new_if(p, cond, yes, no);
}

/* `$name` behind as; opens its scope in *s. */
static bool bind(struct jqn_parser *p, struct jqn_scope *s) {
    jqn_skip_blanks(p);
    const struct ift_slice name = jqn_word_at(p->p + 1);
    if (*p->p != '$' || name.n == 0 || jqn_is_keyword(name)) {
        jqn_lacks(p, "as with a pattern");
        return false;
    }
    p->p += 1 + name.n;
    struct jqn_expr *const value = jqn_new_expr(p, JQN_VARIABLE, NULL, NULL, NULL);
    value->slot = p->program->nslots++;
    *s = (struct jqn_scope){.outer = p->scope, .name = name, .value = value};
    return true;
}

static const struct jqn_expr *parse_bind(struct jqn_parser *p, const struct jqn_expr *source) {
    struct jqn_scope s;
    if (!bind(p, &s)) return NULL;
    if (!jqn_take_operator(p, '|')) return jqn_lacks(p, "as of this form");
    p->scope = &s;
    const struct jqn_expr *const body = jqn_parse_pipe(p);
    p->scope = s.outer;
    if (!body) return NULL;
    struct jqn_expr *const e = jqn_new_expr(p, JQN_BIND, source, body, NULL);
    e->slot = s.value->slot;
    return e;
}

static const struct jqn_expr *parse_reduce(struct jqn_parser *p) {
    const struct jqn_expr *const source = jqn_parse_postfix(p, true);
    struct jqn_scope s;
    if (!source || !jqn_take_word(p, "as") || !bind(p, &s))
        return jqn_lacks(p, "reduce of this form");
    if (!jqn_take(p, "(")) return jqn_lacks(p, "reduce of this form");
    const struct jqn_expr *const start = jqn_parse_pipe(p);
    if (!start || !jqn_take(p, ";")) return jqn_lacks(p, "reduce of this form");
    p->scope = &s;
    const struct jqn_expr *const update = jqn_parse_pipe(p);
    p->scope = s.outer;
    if (!update || !jqn_take(p, ")")) return jqn_lacks(p, "reduce of this form");
    if (!start->single || !update->single) return jqn_lacks(p, "reduce with several values");
    struct jqn_expr *const e = jqn_new_expr(p, JQN_REDUCE, source, start, update);
    e->slot = s.value->slot;
    e->single = true;
    return e;
}

/* A value of an object: terms joined by |, for a comma ends it. */
static const struct jqn_expr *parse_object_value(struct jqn_parser *p) {
    const bool minus = jqn_take(p, "-");
    const struct jqn_expr *e = jqn_parse_postfix(p, true);
    if (e && minus) e = jqn_new_expr(p, JQN_NEGATE, e, NULL, NULL);
    if (!e || !jqn_take_operator(p, '|')) return e;
    const struct jqn_expr *const rest = parse_object_value(p);
    return rest ? jqn_new_expr(p, JQN_PIPE, e, rest, NULL) : NULL;
}

static const struct jqn_expr *field(struct jqn_parser *p, const struct jqn_expr *of,
                                    const struct jqn_expr *key) {
    struct jqn_expr *const e =
        jqn_new_expr(p, key->op == JQN_LITERAL ? JQN_FIELD : JQN_INDEX, of, key, NULL);
    if (e->op == JQN_FIELD) e->literal = key->literal;
    return e;
}

/* One entry of an object: its key and, as the function's result, its value. */
static const struct jqn_expr *parse_entry(struct jqn_parser *p, const struct jqn_expr **key) {
    jqn_skip_blanks(p);
    const struct ift_slice name = jqn_word_at(p->p);
    const struct jqn_expr *implied = NULL;
    if (*p->p == '$') {
        const struct ift_slice variable = jqn_word_at(p->p + 1);
        *key = jqn_text_literal(p, variable.p, variable.n);
        return parse_variable(p);
    }
    if (*p->p == '(') {
        p->p++;
        *key = jqn_parse_pipe(p);
        if (!*key || !jqn_take(p, ")")) return jqn_lacks(p, "an object key of this form");
    } else if (*p->p == '"' || name.n) {
        if (name.n) p->p += name.n;
        *key = name.n ? jqn_text_literal(p, name.p, name.n) : parse_string(p);
        if (!*key) return NULL;
        if (!name.n || !jqn_is_keyword(name))
            implied = field(p, jqn_new_expr(p, JQN_IDENTITY, NULL, NULL, NULL), *key);
    } else {
        return jqn_lacks(p, "an object key of this form");
    }
    if (jqn_take(p, ":")) return parse_object_value(p);
    return implied ? implied : jqn_lacks(p, "an object key without a value");
}

static const struct jqn_expr *parse_object(struct jqn_parser *p) {
    struct jqn_expr *const e = jqn_new_expr(p, JQN_OBJECT, NULL, NULL, NULL);
    size_t cap = 0;
    p->p++;
    bool ok = true;
    if (!jqn_take(p, "}")) {
        do {
            const struct jqn_expr *key = NULL;
            const struct jqn_expr *const value = parse_entry(p, &key);
            ok = value != NULL;
            if (!ok) break;
            if (key->op == JQN_LITERAL && key->literal.type != IFT_JSON_STRING)
                ok = jqn_lacks(p, "a key that is no string");
            jqn_add_part(e, &cap, key);
            jqn_add_part(e, &cap, value);
        } while (ok && jqn_take(p, ","));
        if (ok && !jqn_take(p, "}")) ok = jqn_lacks(p, "an object of this form");
    }
    return jqn_settle_parts(p, e, ok) ? jqn_known_object(p, e) : NULL;
}

/* ---- paths ---- */

static const struct jqn_expr *parse_bracket(struct jqn_parser *p, const struct jqn_expr *of) {
    p->p++;
    const struct jqn_expr *from = NULL, *to = NULL;
    if (jqn_take(p, "]")) {
        struct jqn_expr *const e = jqn_new_expr(p, JQN_EACH, of, NULL, NULL);
        e->single = false;
        return e;
    }
    jqn_skip_blanks(p);
    if (*p->p != ':' && !(from = jqn_parse_pipe(p))) return NULL;
    if (!jqn_take(p, ":")) {
        if (!jqn_take(p, "]")) return jqn_lacks(p, "an index of this form");
        return jqn_is_text(from) ? field(p, of, from) : jqn_new_expr(p, JQN_INDEX, of, from, NULL);
    }
    jqn_skip_blanks(p);
    if (*p->p != ']' && !(to = jqn_parse_pipe(p))) return NULL;
    if ((!from && !to) || !jqn_take(p, "]")) return jqn_lacks(p, "an index of this form");
    if ((from && !from->single) || (to && !to->single))
        return jqn_lacks(p, "a slice with several bounds");
    return jqn_new_expr(p, JQN_SLICE, of, from, to);
}

/* `.name`, `."name"` or `[…]` behind a term; NULL with `why` empty: there is none. */
static const struct jqn_expr *parse_suffix(struct jqn_parser *p, const struct jqn_expr *of) {
    jqn_skip_blanks(p);
    if (*p->p == '[') return parse_bracket(p, of);
    if (*p->p != '.') return NULL;
    const struct ift_slice name = jqn_word_at(p->p + 1);
    if (p->p[1] == '"') {
        p->p++;
        const struct jqn_expr *const key = parse_string(p);
        return key ? field(p, of, key) : NULL;
    }
    if (name.n == 0) return jqn_lacks(p, "a path of this form");
    /* jq reads .e1 as a number */
    if ((name.p[0] == 'e' || name.p[0] == 'E') && name.p[1] >= '0' && name.p[1] <= '9')
        return jqn_lacks(p, "a number that is not right");
    p->p += 1 + name.n;
    return field(p, of, jqn_text_literal(p, name.p, name.n));
}

static const struct jqn_expr *parse_dot(struct jqn_parser *p) {
    const struct jqn_expr *const input = jqn_new_expr(p, JQN_IDENTITY, NULL, NULL, NULL);
    if (p->p[1] == '.') return jqn_lacks(p, "..");
    if (p->p[1] >= '0' && p->p[1] <= '9') return parse_number(p);
    if (jqn_word_at(p->p + 1).n > 0 || p->p[1] == '"') return input; /* the suffix takes the dot */
    p->p++;
    return input;
}

static const struct jqn_expr *parse_parenthesis(struct jqn_parser *p) {
    p->p++;
    const struct jqn_expr *const e = jqn_parse_pipe(p);
    return e && jqn_take(p, ")") ? e : jqn_lacks(p, "parentheses of this form");
}

static const struct jqn_expr *parse_array(struct jqn_parser *p) {
    p->p++;
    const struct jqn_expr *inner = NULL;
    if (!jqn_take(p, "]")) {
        inner = jqn_parse_pipe(p);
        if (!inner || !jqn_take(p, "]")) return jqn_lacks(p, "an array of this form");
    }
    return jqn_new_array(p, inner);
}

static const struct jqn_expr *parse_term(struct jqn_parser *p) {
    jqn_skip_blanks(p);
    switch (*p->p) {
    case '.':
        return parse_dot(p);
    case '"':
        return parse_string(p);
    case '[':
        return parse_array(p);
    case '{':
        return parse_object(p);
    case '(':
        return parse_parenthesis(p);
    case '$':
        return parse_variable(p);
    case '@':
        return jqn_lacks(p, "formats (@…)");
    default:
        break;
    }
    if (*p->p >= '0' && *p->p <= '9') return parse_number(p);
    return jqn_word_at(p->p).n > 0 ? jqn_parse_call(p) : jqn_lacks(p, "something that is no term");
}

const struct jqn_expr *jqn_parse_postfix(struct jqn_parser *p, bool term) {
    if (p->nexprs > MAX_EXPRS || p->nesting > JQN_MAX_NESTING)
        return jqn_lacks(p, "a program of this size");
    if (!term && jqn_take_word(p, "if")) return parse_if(p);
    if (!term && jqn_take_word(p, "reduce")) return parse_reduce(p);
    const struct jqn_expr *e = parse_term(p), *next;
    if (!e) return NULL;
    while ((next = parse_suffix(p, e)) != NULL) {
        e = next;
        jqn_skip_blanks(p);
        if (strncmp(p->p, "?//", 3) == 0) return jqn_lacks(p, "?//");
        if (!jqn_take(p, "?")) continue;
        struct jqn_expr *const optional = jqn_new_expr(p, e->op, e->a, e->b, e->c);
        *optional = *e;
        optional->optional = true;
        optional->single = false;
        e = optional;
    }
    if (p->why->n) return NULL;
    jqn_skip_blanks(p);
    if (*p->p == '?') return jqn_lacks(p, "? behind anything but a path");
    return !term && jqn_take_word(p, "as") ? parse_bind(p, e) : e;
}
