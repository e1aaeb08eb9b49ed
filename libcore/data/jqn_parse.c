#include <stdlib.h>
#include <string.h>

#include "libcore/data/jqn_program.h"
#include "libcore/io/utf8.h"

/* A recursive descent over jq's grammar (of 1.6, which is stricter than later ones). A function
 * returns NULL for whatever is not in the subset, right or wrong, with the reason in p->why: libjq
 * then decides. */

enum { MAX_EXPRS = 20000, MAX_NESTING = 200 };

/* A name that can be seen: a variable or a function without parameters. */
struct scope {
    const struct scope *outer;
    struct ift_slice name;
    bool function;
    const char *body; /* function: where its text starts; it is parsed anew at each call, so that
                         each call has its own slots. NULL inside the body itself */
    const struct scope *body_scope;
    const struct jqn_expr *value; /* variable */
};

struct parser {
    struct jqn_program *program;
    const char *p; /* terminated text */
    struct ift_str *why;
    const struct scope *scope;
    size_t nexprs;
    int nesting;
};

static const struct jqn_expr *parse_pipe(struct parser *p);
static const struct jqn_expr *parse_postfix(struct parser *p, bool term);

static const struct jqn_expr *lacks(struct parser *p, const char *what) {
    if (p->why->n == 0) ift_str_adds(p->why, what);
    return NULL;
}

static struct jqn_expr *new_expr(struct parser *p, enum jqn_op op, const struct jqn_expr *a,
                                 const struct jqn_expr *b, const struct jqn_expr *c) {
    struct jqn_expr *const e = ift_arena_alloc(&p->program->arena, sizeof *e);
    const bool single = (!a || a->single) && (!b || b->single) && (!c || c->single);
    *e = (struct jqn_expr){.op = op, .a = a, .b = b, .c = c, .single = single};
    p->nexprs++;
    return e;
}

static const struct jqn_expr *new_literal(struct parser *p, struct jqn_value v) {
    struct jqn_expr *const e = new_expr(p, JQN_LITERAL, NULL, NULL, NULL);
    e->literal = v;
    return e;
}

/* ---- words ---- */

static void blanks(struct parser *p) {
    for (;;) {
        p->p += strspn(p->p, " \t\r\n");
        if (*p->p != '#') return;
        p->p += strcspn(p->p, "\n");
    }
}

static bool is_word(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

/* The name at p, of length 0 when there is none. */
static struct ift_slice word_at(const char *p) {
    size_t n = 0;
    while (is_word(p[n], n == 0)) n++;
    return (struct ift_slice){p, n};
}

static bool take(struct parser *p, const char *token) {
    blanks(p);
    const size_t n = strlen(token);
    if (strncmp(p->p, token, n) != 0) return false;
    p->p += n;
    return true;
}

static bool take_word(struct parser *p, const char *word) {
    blanks(p);
    if (!ift_slice_is(word_at(p->p), word)) return false;
    p->p += strlen(word);
    return true;
}

static bool is_keyword(struct ift_slice w) {
    static const char *const keyword[] = {"def", "if",     "then",    "elif",    "else",
                                          "end", "as",     "reduce",  "foreach", "and",
                                          "or",  "import", "include", "module",  "label",
                                          "try", "catch",  "__loc__"};
    for (size_t i = 0; i < sizeof keyword / sizeof *keyword; i++) {
        if (ift_slice_is(w, keyword[i])) return true;
    }
    return false;
}

/* An operator of one character that is not the start of a longer one. */
static bool take_operator(struct parser *p, char c) {
    blanks(p);
    if (*p->p != c || p->p[1] == '=' || (c == '/' && p->p[1] == '/')) return false;
    p->p++;
    return true;
}

/* ---- strings ---- */

/* The text of a string piece up to its quote or interpolation. */
static bool string_piece(struct parser *p, struct ift_str *out) {
    const char *const from = p->p;
    while (*p->p != '"' && !(p->p[0] == '\\' && p->p[1] == '(')) {
        if (*p->p == '\0') return false;
        p->p += p->p[0] == '\\' && p->p[1] ? 2 : 1;
    }
    /* Escapes are JSON's: let the JSON parser judge them. Raw line breaks and tabs are allowed
     * here, not there. */
    struct ift_str quoted = {0};
    ift_str_addc(&quoted, '"');
    for (const char *c = from; c < p->p; c++) {
        if ((unsigned char)*c < 0x20) {
            ift_json_escape(&quoted, c, 1);
        } else {
            ift_str_addc(&quoted, *c);
        }
    }
    ift_str_addc(&quoted, '"');
    struct ift_json doc = {0};
    const bool ok = ift_json_parse(&doc, quoted.p, quoted.n, NULL) == 0;
    if (ok) ift_json_text(&doc, 0, out);
    ift_json_release(&doc);
    ift_str_release(&quoted);
    return ok;
}

static const struct jqn_expr *text_literal(struct parser *p, const char *text, size_t n) {
    struct jqn_value v =
        jqn_text_value(ift_arena_strndup(&p->program->arena, text ? text : "", n), n);
    struct ift_str quoted = {0};
    ift_json_quote(&quoted, v.u.text, n);
    v.depth = quoted.n == n + 2;
    ift_str_release(&quoted);
    return new_literal(p, v);
}

static void add_part(struct jqn_expr *e, size_t *cap, const struct jqn_expr *part) {
    e->part = ift_grow(e->part, e->nparts + 1, cap, sizeof *e->part);
    e->part[e->nparts++] = part;
    e->single &= part->single;
}

/* Parts grow on the heap and end up in the arena. */
static const struct jqn_expr *settle_parts(struct parser *p, struct jqn_expr *e, bool ok) {
    const struct jqn_expr **const grown = e->part;
    e->part = ift_arena_alloc(&p->program->arena, e->nparts * sizeof *e->part);
    if (e->nparts) memcpy(e->part, grown, e->nparts * sizeof *e->part);
    free(grown);
    return ok ? e : NULL;
}

static const struct jqn_expr *parse_string(struct parser *p) {
    struct jqn_expr *const e = new_expr(p, JQN_STRING, NULL, NULL, NULL);
    struct ift_str text = {0};
    size_t cap = 0;
    bool ok = true;
    p->p++;
    for (;;) {
        ift_str_clear(&text);
        ok = string_piece(p, &text);
        if (!ok) lacks(p, "a string that is not right");
        if (!ok) break;
        if (text.n > 0 || e->nparts == 0) add_part(e, &cap, text_literal(p, text.p, text.n));
        if (*p->p == '"') break;
        p->p += 2;
        const struct jqn_expr *const inner = parse_pipe(p);
        ok = inner && take(p, ")");
        if (!ok) break;
        add_part(e, &cap, inner);
    }
    ift_str_release(&text);
    if (ok) p->p++;
    const struct jqn_expr *const whole = settle_parts(p, e, ok);
    return whole && e->nparts == 1 ? e->part[0] : whole;
}

/* ---- terms ---- */

static const struct jqn_expr *parse_number(struct parser *p) {
    size_t n = strspn(p->p, "0123456789."), dots = 0;
    for (size_t i = 0; i < n; i++) dots += p->p[i] == '.';
    if (p->p[n] == 'e' || p->p[n] == 'E') {
        const size_t sign = p->p[n + 1] == '+' || p->p[n + 1] == '-';
        const size_t digits = strspn(p->p + n + 1 + sign, "0123456789");
        if (digits) n += 1 + sign + digits;
    }
    char text[64];
    if (dots > 1 || n == dots || n >= sizeof text) return lacks(p, "a number that is not right");
    memcpy(text, p->p, n);
    text[n] = '\0';
    p->p += n;
    return new_literal(p, jqn_double(strtod(text, NULL)));
}

static const struct jqn_expr *find_variable(struct parser *p, struct ift_slice name) {
    for (const struct scope *s = p->scope; s; s = s->outer) {
        if (!s->function && ift_slice_eq(s->name, name)) return s->value;
    }
    return lacks(p, "a variable that is not bound");
}

static const struct jqn_expr *parse_variable(struct parser *p) {
    const struct ift_slice name = word_at(++p->p);
    if (name.n == 0 || is_keyword(name)) return lacks(p, "$ without a name");
    p->p += name.n;
    return find_variable(p, name);
}

static const struct jqn_expr *parse_if(struct parser *p) {
    const struct jqn_expr *const cond = parse_pipe(p);
    if (!cond || !take_word(p, "then")) return lacks(p, "if without then");
    const struct jqn_expr *const yes = parse_pipe(p), *no = NULL;
    if (!yes) return NULL;
    if (take_word(p, "elif")) {
        no = parse_if(p);
        return no ? new_expr(p, JQN_IF, cond, yes, no) : NULL;
    }
    if (!take_word(p, "else")) return lacks(p, "if without else");
    no = parse_pipe(p);
    if (!no || !take_word(p, "end")) return lacks(p, "if without end");
    return new_expr(p, JQN_IF, cond, yes, no);
}

/* `$name` behind as; opens its scope in *s. */
static bool bind(struct parser *p, struct scope *s) {
    blanks(p);
    const struct ift_slice name = word_at(p->p + 1);
    if (*p->p != '$' || name.n == 0 || is_keyword(name)) {
        lacks(p, "as with a pattern");
        return false;
    }
    p->p += 1 + name.n;
    struct jqn_expr *const value = new_expr(p, JQN_VARIABLE, NULL, NULL, NULL);
    value->slot = p->program->nslots++;
    *s = (struct scope){.outer = p->scope, .name = name, .value = value};
    return true;
}

static const struct jqn_expr *parse_bind(struct parser *p, const struct jqn_expr *source) {
    struct scope s;
    if (!bind(p, &s)) return NULL;
    if (!take_operator(p, '|')) return lacks(p, "as of this form");
    p->scope = &s;
    const struct jqn_expr *const body = parse_pipe(p);
    p->scope = s.outer;
    if (!body) return NULL;
    struct jqn_expr *const e = new_expr(p, JQN_BIND, source, body, NULL);
    e->slot = s.value->slot;
    return e;
}

static const struct jqn_expr *parse_reduce(struct parser *p) {
    const struct jqn_expr *const source = parse_postfix(p, true);
    struct scope s;
    if (!source || !take_word(p, "as") || !bind(p, &s)) return lacks(p, "reduce of this form");
    if (!take(p, "(")) return lacks(p, "reduce of this form");
    const struct jqn_expr *const start = parse_pipe(p);
    if (!start || !take(p, ";")) return lacks(p, "reduce of this form");
    p->scope = &s;
    const struct jqn_expr *const update = parse_pipe(p);
    p->scope = s.outer;
    if (!update || !take(p, ")")) return lacks(p, "reduce of this form");
    if (!start->single || !update->single) return lacks(p, "reduce with several values");
    struct jqn_expr *const e = new_expr(p, JQN_REDUCE, source, start, update);
    e->slot = s.value->slot;
    e->single = true;
    return e;
}

/* A value of an object: terms joined by |, for a comma ends it. */
static const struct jqn_expr *parse_object_value(struct parser *p) {
    const bool minus = take(p, "-");
    const struct jqn_expr *e = parse_postfix(p, true);
    if (e && minus) e = new_expr(p, JQN_NEGATE, e, NULL, NULL);
    if (!e || !take_operator(p, '|')) return e;
    const struct jqn_expr *const rest = parse_object_value(p);
    return rest ? new_expr(p, JQN_PIPE, e, rest, NULL) : NULL;
}

static const struct jqn_expr *field(struct parser *p, const struct jqn_expr *of,
                                    const struct jqn_expr *key) {
    struct jqn_expr *const e =
        new_expr(p, key->op == JQN_LITERAL ? JQN_FIELD : JQN_INDEX, of, key, NULL);
    if (e->op == JQN_FIELD) e->literal = key->literal;
    return e;
}

/* One entry of an object: its key and, as the function's result, its value. */
static const struct jqn_expr *parse_entry(struct parser *p, const struct jqn_expr **key) {
    blanks(p);
    const struct ift_slice name = word_at(p->p);
    const struct jqn_expr *implied = NULL;
    if (*p->p == '$') {
        const struct ift_slice variable = word_at(p->p + 1);
        *key = text_literal(p, variable.p, variable.n);
        return parse_variable(p);
    }
    if (*p->p == '(') {
        p->p++;
        *key = parse_pipe(p);
        if (!*key || !take(p, ")")) return lacks(p, "an object key of this form");
    } else if (*p->p == '"' || name.n) {
        if (name.n) p->p += name.n;
        *key = name.n ? text_literal(p, name.p, name.n) : parse_string(p);
        if (!*key) return NULL;
        if (!name.n || !is_keyword(name))
            implied = field(p, new_expr(p, JQN_IDENTITY, NULL, NULL, NULL), *key);
    } else {
        return lacks(p, "an object key of this form");
    }
    if (take(p, ":")) return parse_object_value(p);
    return implied ? implied : lacks(p, "an object key without a value");
}

static bool is_distinct(const struct jqn_expr *object) {
    for (size_t i = 0; i < object->nparts; i += 2) {
        if (object->part[i]->op != JQN_LITERAL) return false;
        for (size_t k = 0; k < i; k += 2) {
            const struct jqn_value a = object->part[i]->literal, b = object->part[k]->literal;
            if (a.n == b.n && memcmp(a.u.text, b.u.text, a.n) == 0) return false;
        }
    }
    return true;
}

static const struct jqn_expr *parse_object(struct parser *p) {
    struct jqn_expr *const e = new_expr(p, JQN_OBJECT, NULL, NULL, NULL);
    size_t cap = 0;
    p->p++;
    bool ok = true;
    if (!take(p, "}")) {
        do {
            const struct jqn_expr *key = NULL;
            const struct jqn_expr *const value = parse_entry(p, &key);
            ok = value != NULL;
            if (!ok) break;
            if (key->op == JQN_LITERAL && key->literal.type != IFT_JSON_STRING)
                ok = lacks(p, "a key that is no string");
            add_part(e, &cap, key);
            add_part(e, &cap, value);
        } while (ok && take(p, ","));
        if (ok && !take(p, "}")) ok = lacks(p, "an object of this form");
    }
    if (!settle_parts(p, e, ok)) return NULL;
    e->distinct = is_distinct(e);
    return e;
}

/* ---- functions ---- */

static const struct jqn_expr *types(struct parser *p, uint32_t mask) {
    struct jqn_expr *const e = new_expr(p, JQN_FILTER, NULL, NULL, NULL);
    e->types = mask;
    e->single = false;
    return e;
}

/* The functions that are no functions of one value to one value. */
static const struct jqn_expr *special(struct parser *p, struct ift_slice name, size_t n,
                                      const struct jqn_expr *const *arg) {
    static const struct {
        const char *name;
        uint32_t types;
    } filter[] = {
        {"values", 0x7e},  {"nulls", 0x01},     {"booleans", 0x06},
        {"numbers", 0x08}, {"strings", 0x10},   {"arrays", 0x20},
        {"objects", 0x40}, {"iterables", 0x60}, {"scalars", 0x1f},
    };
    for (size_t i = 0; n == 0 && i < sizeof filter / sizeof *filter; i++) {
        if (ift_slice_is(name, filter[i].name)) return types(p, filter[i].types);
    }
    struct jqn_expr *e = NULL;
    if (n == 0 && ift_slice_is(name, "empty")) e = new_expr(p, JQN_EMPTY, NULL, NULL, NULL);
    if (n == 1 && ift_slice_is(name, "select")) e = new_expr(p, JQN_SELECT, arg[0], NULL, NULL);
    if (n == 1 && ift_slice_is(name, "first")) e = new_expr(p, JQN_FIRST, NULL, arg[0], NULL);
    if (n == 2 && ift_slice_is(name, "limit") && arg[0]->single)
        e = new_expr(p, JQN_FIRST, arg[0], arg[1], NULL);
    if (n == 1 && ift_slice_is(name, "range") && arg[0]->single)
        e = new_expr(p, JQN_RANGE, NULL, arg[0], NULL);
    if (n == 2 && ift_slice_is(name, "range") && arg[0]->single && arg[1]->single) {
        e = new_expr(p, JQN_RANGE, arg[0], arg[1], NULL);
    }
    if (e) e->single = false;
    if (n == 1 && ift_slice_is(name, "map")) {
        const struct jqn_expr *const input = new_expr(p, JQN_IDENTITY, NULL, NULL, NULL);
        struct jqn_expr *const each = new_expr(p, JQN_EACH, input, NULL, NULL);
        each->single = false;
        e = new_expr(p, JQN_ARRAY, new_expr(p, JQN_PIPE, each, arg[0], NULL), NULL, NULL);
        e->single = true;
    }
    return e;
}

static const struct jqn_expr *plain_function(struct parser *p, struct ift_slice name, size_t n,
                                             const struct jqn_expr *const *arg) {
    for (const struct jqn_function *f = jqn_functions; f->name; f++) {
        if ((size_t)f->arity != n || !ift_slice_is(name, f->name)) continue;
        struct jqn_expr *const e =
            new_expr(p, JQN_CALL, n > 0 ? arg[0] : NULL, n > 1 ? arg[1] : NULL, NULL);
        e->fn = f;
        return e->single ? e : lacks(p, "an argument with several values");
    }
    struct ift_str what = {0};
    ift_str_addf(&what, "%.*s/%zu", (int)name.n, name.p, n);
    lacks(p, what.p);
    ift_str_release(&what);
    return NULL;
}

/* A function of the program's own: its body, read again where it is called. */
static const struct jqn_expr *call_own(struct parser *p, const struct scope *f) {
    if (!f->body) return lacks(p, "a function that calls itself");
    const char *const back = p->p;
    const struct scope *const scope = p->scope;
    struct scope self = *f;
    self.outer = f->body_scope;
    self.body = NULL;
    p->p = f->body;
    p->scope = &self;
    const struct jqn_expr *const e = parse_pipe(p);
    p->p = back;
    p->scope = scope;
    return e;
}

/* del(.a, .b): the keys as parts. */
static const struct jqn_expr *parse_del(struct parser *p) {
    struct jqn_expr *const e = new_expr(p, JQN_CALL, NULL, NULL, NULL);
    size_t cap = 0;
    bool ok = true;
    do {
        blanks(p);
        const struct ift_slice key = word_at(p->p + 1);
        ok = *p->p == '.' && key.n > 0;
        if (!ok) break;
        p->p += 1 + key.n;
        add_part(e, &cap, text_literal(p, key.p, key.n));
    } while (take(p, ","));
    if (!ok || !take(p, ")")) ok = lacks(p, "del of anything but .key");
    struct jqn_expr *const keys = new_expr(p, JQN_ARRAY, NULL, NULL, NULL);
    if (!settle_parts(p, e, ok)) return NULL;
    struct jqn_value *const item = ift_arena_alloc(&p->program->arena, e->nparts * sizeof *item);
    for (size_t i = 0; i < e->nparts; i++) item[i] = e->part[i]->literal;
    keys->op = JQN_LITERAL;
    keys->literal = jqn_array(item, e->nparts);
    const struct jqn_expr *const arg[] = {keys};
    return plain_function(p, ift_slice("del"), 1, arg);
}

static const struct jqn_expr *parse_call(struct parser *p) {
    enum { MAX_ARGS = 2 };
    const struct ift_slice name = word_at(p->p);
    p->p += name.n;
    if (is_keyword(name)) return lacks(p, "a keyword here");
    if (ift_slice_is(name, "true")) return new_literal(p, jqn_bool(true));
    if (ift_slice_is(name, "false")) return new_literal(p, jqn_bool(false));
    if (ift_slice_is(name, "null")) return new_literal(p, jqn_const(IFT_JSON_NULL));
    const struct jqn_expr *arg[MAX_ARGS];
    size_t n = 0;
    if (p->p[0] == ':' && p->p[1] == ':') return lacks(p, "modules");
    if (take(p, "(")) {
        if (ift_slice_is(name, "del")) return parse_del(p);
        do {
            if (n == MAX_ARGS) return lacks(p, "a function of many arguments");
            arg[n] = parse_pipe(p);
            if (!arg[n++]) return NULL;
        } while (take(p, ";"));
        if (!take(p, ")")) return lacks(p, "a call of this form");
    }
    for (const struct scope *s = p->scope; n == 0 && s; s = s->outer) {
        if (s->function && ift_slice_eq(s->name, name)) return call_own(p, s);
    }
    const struct jqn_expr *const e = special(p, name, n, arg);
    return e ? e : plain_function(p, name, n, arg);
}

/* ---- paths ---- */

static const struct jqn_expr *parse_bracket(struct parser *p, const struct jqn_expr *of) {
    p->p++;
    const struct jqn_expr *from = NULL, *to = NULL;
    if (take(p, "]")) {
        struct jqn_expr *const e = new_expr(p, JQN_EACH, of, NULL, NULL);
        e->single = false;
        return e;
    }
    blanks(p);
    if (*p->p != ':' && !(from = parse_pipe(p))) return NULL;
    if (!take(p, ":")) {
        if (!take(p, "]")) return lacks(p, "an index of this form");
        const bool key = from->op == JQN_LITERAL && from->literal.type == IFT_JSON_STRING;
        return key ? field(p, of, from) : new_expr(p, JQN_INDEX, of, from, NULL);
    }
    blanks(p);
    if (*p->p != ']' && !(to = parse_pipe(p))) return NULL;
    if ((!from && !to) || !take(p, "]")) return lacks(p, "an index of this form");
    if ((from && !from->single) || (to && !to->single))
        return lacks(p, "a slice with several bounds");
    return new_expr(p, JQN_SLICE, of, from, to);
}

/* `.name`, `."name"` or `[…]` behind a term; NULL with `why` empty: there is none. */
static const struct jqn_expr *parse_suffix(struct parser *p, const struct jqn_expr *of) {
    blanks(p);
    if (*p->p == '[') return parse_bracket(p, of);
    if (*p->p != '.') return NULL;
    const struct ift_slice name = word_at(p->p + 1);
    if (p->p[1] == '"') {
        p->p++;
        const struct jqn_expr *const key = parse_string(p);
        return key ? field(p, of, key) : NULL;
    }
    if (name.n == 0) return lacks(p, "a path of this form");
    /* jq reads .e1 as a number */
    if ((name.p[0] == 'e' || name.p[0] == 'E') && name.p[1] >= '0' && name.p[1] <= '9')
        return lacks(p, "a number that is not right");
    p->p += 1 + name.n;
    return field(p, of, text_literal(p, name.p, name.n));
}

static const struct jqn_expr *parse_dot(struct parser *p) {
    const struct jqn_expr *const input = new_expr(p, JQN_IDENTITY, NULL, NULL, NULL);
    if (p->p[1] == '.') return lacks(p, "..");
    if (p->p[1] >= '0' && p->p[1] <= '9') return parse_number(p);
    if (is_word(p->p[1], true) || p->p[1] == '"') return input; /* the suffix takes the dot */
    p->p++;
    return input;
}

static const struct jqn_expr *parse_parenthesis(struct parser *p) {
    p->p++;
    const struct jqn_expr *const e = parse_pipe(p);
    return e && take(p, ")") ? e : lacks(p, "parentheses of this form");
}

static const struct jqn_expr *parse_array(struct parser *p) {
    p->p++;
    const struct jqn_expr *inner = NULL;
    if (!take(p, "]")) {
        inner = parse_pipe(p);
        if (!inner || !take(p, "]")) return lacks(p, "an array of this form");
    }
    struct jqn_expr *const e = new_expr(p, JQN_ARRAY, inner, NULL, NULL);
    e->single = true;
    return e;
}

static const struct jqn_expr *parse_term(struct parser *p) {
    blanks(p);
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
        return lacks(p, "formats (@…)");
    default:
        break;
    }
    if (*p->p >= '0' && *p->p <= '9') return parse_number(p);
    return is_word(*p->p, true) ? parse_call(p) : lacks(p, "something that is no term");
}

/* A term with its path; where `term` is not asked for, also what jq's grammar puts beside terms. */
static const struct jqn_expr *parse_postfix(struct parser *p, bool term) {
    if (p->nexprs > MAX_EXPRS || p->nesting > MAX_NESTING)
        return lacks(p, "a program of this size");
    if (!term && take_word(p, "if")) return parse_if(p);
    if (!term && take_word(p, "reduce")) return parse_reduce(p);
    const struct jqn_expr *e = parse_term(p), *next;
    if (!e) return NULL;
    while ((next = parse_suffix(p, e)) != NULL) {
        e = next;
        blanks(p);
        if (strncmp(p->p, "?//", 3) == 0) return lacks(p, "?//");
        if (!take(p, "?")) continue;
        struct jqn_expr *const optional = new_expr(p, e->op, e->a, e->b, e->c);
        *optional = *e;
        optional->optional = true;
        optional->single = false;
        e = optional;
    }
    if (p->why->n) return NULL;
    blanks(p);
    if (*p->p == '?') return lacks(p, "? behind anything but a path");
    return !term && take_word(p, "as") ? parse_bind(p, e) : e;
}

/* ---- operators, from tight to loose ---- */

static const struct jqn_expr *parse_unary(struct parser *p) {
    if (!take_operator(p, '-')) return parse_postfix(p, false);
    const struct jqn_expr *const e = parse_unary(p);
    return e ? new_expr(p, JQN_NEGATE, e, NULL, NULL) : NULL;
}

static const struct jqn_expr *parse_sum(struct parser *p) {
    const struct jqn_expr *e = parse_unary(p);
    while (e) {
        const bool plus = take_operator(p, '+');
        if (!plus && !take_operator(p, '-')) break;
        const struct jqn_expr *const right = parse_unary(p);
        e = right ? new_expr(p, plus ? JQN_ADD : JQN_SUBTRACT, e, right, NULL) : NULL;
    }
    if (!e) return NULL;
    blanks(p);
    const bool product = *p->p == '*' || *p->p == '%' || (*p->p == '/' && p->p[1] != '/');
    return product ? lacks(p, "* / %") : e;
}

static const struct jqn_expr *parse_comparison(struct parser *p) {
    static const struct {
        const char *token;
        enum jqn_op op;
    } table[] = {
        {"==", JQN_EQ}, {"!=", JQN_NE}, {"<=", JQN_LE},
        {">=", JQN_GE}, {"<", JQN_LT},  {">", JQN_GT},
    };
    const struct jqn_expr *const e = parse_sum(p);
    for (size_t i = 0; e && i < sizeof table / sizeof *table; i++) {
        if (!take(p, table[i].token)) continue;
        const struct jqn_expr *const right = parse_sum(p);
        return right ? new_expr(p, table[i].op, e, right, NULL) : NULL;
    }
    return e;
}

static const struct jqn_expr *parse_and(struct parser *p) {
    const struct jqn_expr *e = parse_comparison(p);
    while (e && take_word(p, "and")) {
        const struct jqn_expr *const right = parse_comparison(p);
        e = right ? new_expr(p, JQN_AND, e, right, NULL) : NULL;
    }
    return e;
}

static const struct jqn_expr *parse_or(struct parser *p) {
    const struct jqn_expr *e = parse_and(p);
    while (e && take_word(p, "or")) {
        const struct jqn_expr *const right = parse_and(p);
        e = right ? new_expr(p, JQN_OR, e, right, NULL) : NULL;
    }
    return e;
}

static const struct jqn_expr *parse_alternative(struct parser *p) {
    const struct jqn_expr *const e = parse_or(p);
    blanks(p);
    if (!e || strncmp(p->p, "//", 2) != 0 || p->p[2] == '=') return e;
    p->p += 2;
    const struct jqn_expr *const right = parse_alternative(p);
    return right ? new_expr(p, JQN_ALTERNATIVE, e, right, NULL) : NULL;
}

static const struct jqn_expr *parse_comma(struct parser *p) {
    const struct jqn_expr *e = parse_alternative(p);
    while (e && take(p, ",")) {
        const struct jqn_expr *const right = parse_alternative(p);
        if (!right) return NULL;
        struct jqn_expr *const both = new_expr(p, JQN_COMMA, e, right, NULL);
        both->single = false;
        e = both;
    }
    return e;
}

static const struct jqn_expr *parse_def(struct parser *p) {
    blanks(p);
    const struct ift_slice name = word_at(p->p);
    p->p += name.n;
    if (!name.n || is_keyword(name) || !take(p, ":")) return lacks(p, "def with parameters");
    struct scope self = {.outer = p->scope, .name = name, .function = true};
    struct scope f = self;
    f.body = p->p;
    f.body_scope = p->scope;
    p->scope = &self;
    const struct jqn_expr *const body = parse_pipe(p); /* only to see where it ends */
    p->scope = self.outer;
    if (!body || !take(p, ";")) return lacks(p, "def of this form");
    p->scope = &f;
    const struct jqn_expr *const rest = parse_pipe(p);
    p->scope = f.outer;
    return rest;
}

static const struct jqn_expr *parse_pipe(struct parser *p) {
    if (++p->nesting > MAX_NESTING) return lacks(p, "a program of this size");
    const struct jqn_expr *e;
    if (take_word(p, "def")) {
        e = parse_def(p);
    } else {
        e = parse_comma(p);
        if (e && take_operator(p, '|')) {
            const struct jqn_expr *const rest = parse_pipe(p);
            e = rest ? new_expr(p, JQN_PIPE, e, rest, NULL) : NULL;
        }
    }
    p->nesting--;
    return e;
}

/* What follows a whole expression names what the subset lacks. */
static const char *leftover(const char *p) {
    if (strcspn(p, "=") < 3 && strcspn(p, "|+-*/%=") == 0) return "assignment";
    return "something behind the program";
}

int jqn_parse(struct jqn_program *program, const char *text, const struct ift_jq_arg *args,
              size_t nargs, struct ift_str *why) {
    struct parser p = {.program = program, .p = text, .why = why};
    struct scope *const named = ift_alloc0(nargs, sizeof *named);
    for (size_t i = 0; i < nargs; i++) {
        const struct jqn_expr *const value = text_literal(&p, args[i].value, strlen(args[i].value));
        named[i] =
            (struct scope){.outer = p.scope, .name = ift_slice(args[i].name), .value = value};
        p.scope = &named[i];
    }
    program->root = parse_pipe(&p);
    blanks(&p);
    if (program->root && *p.p) program->root = lacks(&p, leftover(p.p));
    if (!program->root && why->n == 0) lacks(&p, "something in its grammar");
    free(named);
    return program->root ? 0 : -1;
}
