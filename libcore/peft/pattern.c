#include "libcore/peft/pattern.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

enum { MAX_CODE = 1 << 14, MAX_WORK = 1 << 20, MAX_DEPTH = 64, MAX_REPEAT = 1000 };

enum op {
    SET,   /* the next byte is in set `a` */
    SPLIT, /* go on at a and at b */
    JUMP,  /* go on at a */
    BEGIN, /* only at the start */
    END,   /* only at the end */
    LOOK,  /* only where the program at pc + 1, which ends with MATCH before a, does (b: does not)
              match a prefix */
    MATCH,
};

struct inst {
    enum op op;
    int a, b;
};

struct set {
    uint8_t bit[32];
};

struct ift_pattern {
    struct inst *code;
    size_t n, cap;
    struct set *set;
    size_t nsets, set_cap;
};

/* ---- compiling: one function for each level of the grammar, each appends its program ---- */

struct compiler {
    struct ift_pattern *p;
    const char *text, *at;
    int depth, work;
    bool looking; /* inside a look-ahead */
    struct ift_err *err;
};

static int refuse(const struct compiler *c, const char *what) {
    return IFT_FAIL(c->err, "pattern \"%s\", column %d: %s", c->text, (int)(c->at - c->text) + 1,
                    what);
}

static int emit(struct compiler *c, enum op op, int a, int b) {
    struct ift_pattern *const p = c->p;
    if (p->n == MAX_CODE || ++c->work > MAX_WORK) return refuse(c, "too long");
    p->code = ift_grow(p->code, p->n + 1, &p->cap, sizeof *p->code);
    p->code[p->n++] = (struct inst){op, a, b};
    return 0;
}

static void set_add(struct set *s, unsigned char from, unsigned char to) {
    for (unsigned x = from; x <= to; x++) s->bit[x / 8] |= (uint8_t)(1u << x % 8);
}

static bool set_has(const struct set *s, unsigned char x) {
    return s->bit[x / 8] >> x % 8 & 1;
}

static void set_invert(struct set *s) {
    for (int i = 0; i < 32; i++) s->bit[i] = (uint8_t)~s->bit[i];
}

/* The class that \x stands for; false when there is none. */
static bool class_of(char x, struct set *s) {
    struct set c = {{0}};
    switch (tolower((unsigned char)x)) {
    case 'w':
        set_add(&c, 'a', 'z'), set_add(&c, 'A', 'Z'), set_add(&c, '_', '_'); /* fall through */
    case 'd': set_add(&c, '0', '9'); break;
    case 's': set_add(&c, '\t', '\r'), set_add(&c, ' ', ' '); break;
    default: return false;
    }
    if (isupper((unsigned char)x)) set_invert(&c);
    for (int i = 0; i < 32; i++) s->bit[i] |= c.bit[i];
    return true;
}

/* Behind a backslash: adds what it stands for. *single: the one byte, or -1 for a class. */
static int parse_escape(struct compiler *c, struct set *s, int *single) {
    const char x = *c->at;
    *single = -1;
    if (class_of(x, s)) {
        c->at++;
        return 0;
    }
    if (!x || isalnum((unsigned char)x)) return refuse(c, "this escape is not supported");
    *single = (unsigned char)x;
    set_add(s, (unsigned char)x, (unsigned char)x);
    c->at++;
    return 0;
}

/* Behind '[': a class up to and with its ']'. */
static int parse_class(struct compiler *c, struct set *s) {
    const bool inverted = *c->at == '^';
    if (inverted) c->at++;
    for (bool first = true; first || *c->at != ']'; first = false) {
        if (!*c->at) return refuse(c, "missing ']'");
        int from = (unsigned char)*c->at++;
        if (from == '\\') IFT_TRY(parse_escape(c, s, &from));
        else set_add(s, (unsigned char)from, (unsigned char)from);
        if (from < 0 || c->at[0] != '-' || c->at[1] == ']' || !c->at[1]) continue;
        int to = (unsigned char)c->at[1];
        c->at += 2;
        if (to == '\\') IFT_TRY(parse_escape(c, s, &to));
        if (to < from) return refuse(c, "a range that ends before it starts");
        set_add(s, (unsigned char)from, (unsigned char)to);
    }
    c->at++;
    if (inverted) set_invert(s);
    return 0;
}

static int emit_set(struct compiler *c, const struct set *s) {
    struct ift_pattern *const p = c->p;
    p->set = ift_grow(p->set, p->nsets + 1, &p->set_cap, sizeof *p->set);
    p->set[p->nsets++] = *s;
    return emit(c, SET, (int)p->nsets - 1, 0);
}

static int parse_choice(struct compiler *c);

/* Behind '(': a group up to and with its ')'. */
static int parse_group(struct compiler *c) {
    struct ift_pattern *const p = c->p;
    int look = -1;
    if (strncmp(c->at, "?:", 2) == 0) {
        c->at += 2;
    } else if (strncmp(c->at, "?=", 2) == 0 || strncmp(c->at, "?!", 2) == 0) {
        if (c->looking) return refuse(c, "a look-ahead inside another is not supported");
        c->looking = true;
        look = (int)p->n;
        IFT_TRY(emit(c, LOOK, 0, c->at[1] == '!'));
        c->at += 2;
    } else if (*c->at == '?') {
        return refuse(c, "this kind of group is not supported");
    }
    if (++c->depth > MAX_DEPTH) return refuse(c, "groups too deep");
    IFT_TRY(parse_choice(c));
    c->depth--;
    if (*c->at != ')') return refuse(c, "missing ')'");
    c->at++;
    if (look < 0) return 0;
    IFT_TRY(emit(c, MATCH, 0, 0));
    p->code[look].a = (int)p->n;
    c->looking = false;
    return 0;
}

static int parse_atom(struct compiler *c) {
    struct set s = {{0}};
    int single;
    const char x = *c->at++;
    switch (x) {
    case '(': return parse_group(c);
    case '^': return emit(c, BEGIN, 0, 0);
    case '$': return emit(c, END, 0, 0);
    case '[': IFT_TRY(parse_class(c, &s)); break;
    case '\\': IFT_TRY(parse_escape(c, &s, &single)); break;
    case '.': set_add(&s, '\n', '\n'), set_invert(&s); break;
    case '*':
    case '+':
    case '?': c->at--; return refuse(c, "nothing to repeat");
    default: set_add(&s, (unsigned char)x, (unsigned char)x);
    }
    return emit_set(c, &s);
}

/* The number at *p, which moves behind it; more than MAX_REPEAT is MAX_REPEAT + 1. */
static int parse_count(const char **p) {
    int n = 0;
    for (; isdigit((unsigned char)**p); ++*p) n = n > MAX_REPEAT ? n : 10 * n + (**p - '0');
    return n > MAX_REPEAT ? MAX_REPEAT + 1 : n;
}

/* {m}, {m,}, {,n}, {m,n} at c->at: true, and the bounds (max -1: none). Anything else is a literal
 * '{'. */
static bool parse_bounds(struct compiler *c, int *min, int *max) {
    const char *p = c->at + 1;
    const bool has_min = isdigit((unsigned char)*p);
    *min = *max = parse_count(&p);
    if (*p == ',') {
        const bool has_max = isdigit((unsigned char)*++p);
        *max = has_max ? parse_count(&p) : -1;
        if (!has_min && !has_max) return false;
    } else if (!has_min) {
        return false;
    }
    if (*p != '}') return false;
    c->at = p + 1;
    return true;
}

/* The quantifier at c->at, if there is one: true, its bounds, and c->at behind it and its lazy
 * mark. */
static bool parse_quantifier(struct compiler *c, int *min, int *max) {
    *min = 0;
    *max = -1;
    switch (*c->at) {
    case '*': c->at++; break;
    case '+': c->at++, *min = 1; break;
    case '?': c->at++, *max = 1; break;
    case '{':
        if (!parse_bounds(c, min, max)) return false;
        break;
    default: return false;
    }
    if (*c->at == '?') c->at++;
    return true;
}

/* An atom and how often. Its program is made from its text anew for each time: the first only shows
 * where it ends. */
static int parse_repeat(struct compiler *c) {
    struct ift_pattern *const p = c->p;
    const size_t code = p->n, sets = p->nsets;
    const char *const atom = c->at;
    int min, max;
    IFT_TRY(parse_atom(c));
    if (!parse_quantifier(c, &min, &max)) return 0;
    const char *const behind = c->at;
    if (min > MAX_REPEAT || max > MAX_REPEAT || (max >= 0 && max < min))
        return refuse(c, "bounds out of order or too large");
    if (*behind && strchr("*+?", *behind)) return refuse(c, "two quantifiers in a row");
    p->n = code;
    p->nsets = sets;
    for (int i = 0; i < min; i++) {
        c->at = atom;
        IFT_TRY(parse_atom(c));
    }
    for (int i = min; max < 0 ? i == min : i < max; i++) {
        const int split = (int)p->n;
        c->at = atom;
        IFT_TRY(emit(c, SPLIT, split + 1, 0));
        IFT_TRY(parse_atom(c));
        if (max < 0) IFT_TRY(emit(c, JUMP, split, 0));
        p->code[split].b = (int)p->n;
    }
    c->at = behind;
    return 0;
}

static int parse_sequence(struct compiler *c) {
    while (*c->at && *c->at != '|' && *c->at != ')') IFT_TRY(parse_repeat(c));
    return 0;
}

/* a|b|c: split to a, or on to the rest; each but the last ends with a jump behind the whole,
 * chained until that is known. */
static int parse_choice(struct compiler *c) {
    struct ift_pattern *const p = c->p;
    int chain = -1;
    for (;;) {
        const char *const alternative = c->at;
        const size_t code = p->n, sets = p->nsets;
        IFT_TRY(parse_sequence(c));
        if (*c->at != '|') break;
        /* Only now is it known that a split belongs in front. */
        p->n = code;
        p->nsets = sets;
        c->at = alternative;
        IFT_TRY(emit(c, SPLIT, (int)code + 1, 0));
        IFT_TRY(parse_sequence(c));
        IFT_TRY(emit(c, JUMP, chain, 0));
        chain = (int)p->n - 1;
        p->code[code].b = (int)p->n;
        c->at++;
    }
    while (chain >= 0) {
        const int next = p->code[chain].a;
        p->code[chain].a = (int)p->n;
        chain = next;
    }
    return 0;
}

int ift_pattern_new(struct ift_pattern **out, const char *text, struct ift_err *err) {
    struct compiler c = {.p = ift_alloc0(1, sizeof *c.p), .text = text, .at = text, .err = err};
    int rc = parse_choice(&c);
    if (rc == 0 && *c.at) rc = refuse(&c, "')' without '('");
    if (rc == 0) rc = emit(&c, MATCH, 0, 0);
    if (rc < 0) {
        ift_pattern_free(c.p);
        return -1;
    }
    *out = c.p;
    return 0;
}

void ift_pattern_free(struct ift_pattern *p) {
    if (!p) return;
    free(p->code);
    free(p->set);
    free(p);
}

/* ---- matching: the set of instructions that can be reached behind each byte ---- */

struct states {
    int *pc;
    size_t n;
    bool *has; /* by instruction */
};

static bool run(const struct ift_pattern *p, int start, const char *text, const char *at,
                const char *end, bool whole);

/* Adds pc and everything reachable from it without a byte. A stack of its own, as programs may be
 * long. */
static void reach(const struct ift_pattern *p, struct states *s, int *stack, int pc,
                  const char *text, const char *at, const char *end) {
    size_t top = 0;
    stack[top++] = pc;
    while (top) {
        pc = stack[--top];
        if (s->has[pc]) continue;
        s->has[pc] = true;
        s->pc[s->n++] = pc;
        const struct inst *const in = &p->code[pc];
        switch (in->op) {
        case JUMP: stack[top++] = in->a; break;
        case SPLIT:
            stack[top++] = in->a;
            stack[top++] = in->b;
            break;
        case BEGIN:
            if (at == text) stack[top++] = pc + 1;
            break;
        case END:
            if (at == end) stack[top++] = pc + 1;
            break;
        case LOOK:
            if (run(p, pc + 1, text, at, end, false) != (in->b != 0)) stack[top++] = in->a;
            break;
        case SET:
        case MATCH: break;
        }
    }
}

/* Does the program at `start` match from `at`, all of it or a prefix? */
static bool run(const struct ift_pattern *p, int start, const char *text, const char *at,
                const char *end, bool whole) {
    struct states now = {.pc = ift_alloc(p->n * sizeof *now.pc), .has = ift_alloc0(p->n, 1)};
    struct states next = {.pc = ift_alloc(p->n * sizeof *next.pc), .has = ift_alloc0(p->n, 1)};
    int *const stack = ift_alloc((2 * p->n + 2) * sizeof *stack);
    bool matched = false;
    reach(p, &now, stack, start, text, at, end);
    for (;; at++) {
        for (size_t i = 0; i < now.n; i++)
            matched |= p->code[now.pc[i]].op == MATCH && (!whole || at == end);
        if (matched || at == end || !now.n) break;
        memset(next.has, 0, p->n);
        next.n = 0;
        for (size_t i = 0; i < now.n; i++) {
            const struct inst *const in = &p->code[now.pc[i]];
            if (in->op == SET && set_has(&p->set[in->a], (unsigned char)*at))
                reach(p, &next, stack, now.pc[i] + 1, text, at + 1, end);
        }
        const struct states swap = now;
        now = next;
        next = swap;
    }
    free(now.pc);
    free(now.has);
    free(next.pc);
    free(next.has);
    free(stack);
    return matched;
}

bool ift_pattern_matches(const struct ift_pattern *p, const char *name) {
    return run(p, 0, name, name, name + strlen(name), true);
}
