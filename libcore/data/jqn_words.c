#include "libcore/data/jqn_parse.h"

#include <stdlib.h>
#include <string.h>

const struct jqn_expr *jqn_lacks(struct jqn_parser *p, const char *what) {
    if (p->why->n == 0) ift_str_adds(p->why, what);
    return NULL;
}

struct jqn_expr *jqn_new_expr(struct jqn_parser *p, enum jqn_op op, const struct jqn_expr *a,
                              const struct jqn_expr *b, const struct jqn_expr *c) {
    struct jqn_expr *const e = ift_arena_alloc(&p->program->arena, sizeof *e);
    const bool single = (!a || a->single) && (!b || b->single) && (!c || c->single);
    *e = (struct jqn_expr){.op = op, .a = a, .b = b, .c = c, .single = single};
    p->nexprs++;
    return e;
}

const struct jqn_expr *jqn_new_literal(struct jqn_parser *p, struct jqn_value v) {
    struct jqn_expr *const e = jqn_new_expr(p, JQN_LITERAL, NULL, NULL, NULL);
    e->literal = v;
    return e;
}

void jqn_skip_blanks(struct jqn_parser *p) {
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

struct ift_slice jqn_word_at(const char *p) {
    size_t n = 0;
    while (is_word(p[n], n == 0)) n++;
    return (struct ift_slice){p, n};
}

bool jqn_take(struct jqn_parser *p, const char *token) {
    jqn_skip_blanks(p);
    const size_t n = strlen(token);
    if (strncmp(p->p, token, n) != 0) return false;
    p->p += n;
    return true;
}

bool jqn_take_word(struct jqn_parser *p, const char *word) {
    jqn_skip_blanks(p);
    if (!ift_slice_is(jqn_word_at(p->p), word)) return false;
    p->p += strlen(word);
    return true;
}

bool jqn_is_keyword(struct ift_slice w) {
    static const char *const keyword[] = {"def", "if",     "then",    "elif",    "else",
                                          "end", "as",     "reduce",  "foreach", "and",
                                          "or",  "import", "include", "module",  "label",
                                          "try", "catch",  "__loc__"};
    for (size_t i = 0; i < sizeof keyword / sizeof *keyword; i++) {
        if (ift_slice_is(w, keyword[i])) return true;
    }
    return false;
}

bool jqn_take_operator(struct jqn_parser *p, char c) {
    jqn_skip_blanks(p);
    if (*p->p != c || p->p[1] == '=' || (c == '/' && p->p[1] == '/')) return false;
    p->p++;
    return true;
}

/* ---- strings ---- */

bool jqn_string_piece(struct jqn_parser *p, struct ift_str *out) {
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

const struct jqn_expr *jqn_text_literal(struct jqn_parser *p, const char *text, size_t n) {
    struct ift_str both = {0};
    ift_str_add(&both, text ? text : "", n);
    ift_json_quote(&both, text ? text : "", n);
    const size_t longer = both.n - 2 * n;
    struct jqn_value v = jqn_text_value(ift_arena_strndup(&p->program->arena, both.p, both.n), n);
    v.depth = longer <= UINT16_MAX ? (uint16_t)longer : 0;
    ift_str_release(&both);
    return jqn_new_literal(p, v);
}

void jqn_add_part(struct jqn_expr *e, size_t *cap, const struct jqn_expr *part) {
    e->part = ift_grow(e->part, e->nparts + 1, cap, sizeof *e->part);
    e->part[e->nparts++] = part;
    e->single &= part->single;
}

const struct jqn_expr *jqn_settle_parts(struct jqn_parser *p, struct jqn_expr *e, bool ok) {
    const struct jqn_expr **const grown = e->part;
    e->part = ift_arena_alloc(&p->program->arena, e->nparts * sizeof *e->part);
    if (e->nparts) memcpy(e->part, grown, e->nparts * sizeof *e->part);
    free(grown);
    return ok ? e : NULL;
}
