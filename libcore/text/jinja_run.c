/* Statements of jinja.h, carried out. */
#include <string.h>

#include "libcore/text/jinja_internal.h"

/* ---- variables ---- */

const struct ift_jval *ift_jframe_find(const struct ift_jframe *f, const char *name) {
    for (; f; f = f->parent)
        for (size_t i = 0; i < f->n; i++)
            if (strcmp(f->binding[i].name, name) == 0) return &f->binding[i].value;
    return NULL;
}

void ift_jframe_set(struct ift_jrun *run, struct ift_jframe *f, const char *name,
                    struct ift_jval value) {
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->binding[i].name, name) == 0) {
            f->binding[i].value = value;
            return;
        }
    f->binding = ift_jrun_grow(run, f->binding, f->n, &f->cap, sizeof *f->binding);
    f->binding[f->n++] = (struct ift_jbinding){name, value};
}

static struct ift_jframe *new_frame(struct ift_jrun *run, struct ift_jframe *parent) {
    struct ift_jframe *const f = ift_jrun_alloc(run, sizeof *f);
    *f = (struct ift_jframe){.parent = parent};
    return f;
}

static int assign(struct ift_jrun *run, const struct ift_jnode *target, struct ift_jval value) {
    const struct ift_jlist *items;
    if (target->kind == IFT_JNODE_NAME) {
        ift_jframe_set(run, run->frame, target->name, value);
        return 0;
    }
    if (target->kind == IFT_JNODE_ATTR) {
        struct ift_jval ns;
        IFT_TRY(ift_jinja_eval(run, target->kid[0], &ns));
        if (ns.type != IFT_JVAL_NAMESPACE)
            return ift_jrun_fail(run, "only a namespace has attributes that can be set");
        if (target->name[0] == '_')
            return ift_jrun_fail(run, "the attribute \"%s\" cannot be set", target->name);
        ift_jdict_set(run, ns.dict, ift_jval_word(target->name), value);
        return 0;
    }
    IFT_TRY(ift_jval_items(run, value, &items));
    if (items->n != target->n)
        return ift_jrun_fail(run, "%zu values for %zu names", items->n, target->n);
    for (size_t i = 0; i < target->n; i++) IFT_TRY(assign(run, target->kid[i], items->item[i]));
    return 0;
}

static int walk(struct ift_jrun *run, const struct ift_jnode *node);

/* ---- bodies ---- */

/* What a body prints, as text, with variables of its own. */
static int capture(struct ift_jrun *run, const struct ift_jnode *body, struct ift_jframe *frame,
                   struct ift_jval *out) {
    struct ift_jbuild text = {.run = run}, *const outer = run->out;
    struct ift_jframe *const back = run->frame;
    const int marking = run->marking;
    run->out = &text;
    run->frame = frame;
    run->marking = -1; /* places in a text that is not printed yet are not known */
    IFT_TRY(walk(run, body));
    run->marking = marking;
    run->frame = back;
    run->out = outer;
    *out = ift_jval_of(ift_jbuild_text(&text));
    return 0;
}

/* node's filters, with v in the place of the innermost one's missing operand. */
static int apply_filters(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval v,
                         struct ift_jval *out) {
    struct ift_jnode of = {.kind = IFT_JNODE_CONST, .line = node->line, .value = v};
    struct ift_jnode *kid = &of;
    struct ift_jnode filter = *node;
    IFT_TRY(ift_jrun_deeper(run));
    if (node->kid[0]) IFT_TRY(apply_filters(run, node->kid[0], v, &of.value));
    run->depth--;
    filter.kid = &kid;
    return ift_jinja_eval(run, &filter, out);
}

/* ---- for ---- */

static int filter_items(struct ift_jrun *run, const struct ift_jnode *node,
                        const struct ift_jlist **items) {
    if (!node->kid[2]) return 0;
    const struct ift_jlist *const all = *items;
    const struct ift_jval kept = ift_jval_list(run);
    struct ift_jframe *const back = run->frame;
    struct ift_jval test;
    for (size_t i = 0; i < all->n; i++) {
        run->frame = new_frame(run, back);
        IFT_TRY(assign(run, node->kid[0], all->item[i]));
        IFT_TRY(ift_jinja_eval(run, node->kid[2], &test));
        if (ift_jval_truth(test)) ift_jval_add(run, kept, all->item[i]);
    }
    run->frame = back;
    *items = kept.list;
    return 0;
}

static int walk_items(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval over,
                      struct ift_jloop *outer) {
    const struct ift_jlist *items;
    struct ift_jframe *const back = run->frame;
    IFT_TRY(ift_jval_items(run, over, &items));
    IFT_TRY(filter_items(run, node, &items));
    struct ift_jloop *const loop = ift_jrun_alloc(run, sizeof *loop);
    *loop = (struct ift_jloop){.outer = outer,
                               .node = node,
                               .frame = back,
                               .items = items,
                               .depth = outer ? outer->depth + 1 : 0,
                               .changed = ift_jval_undefined("")};
    for (size_t i = 0; i < items->n; i++) {
        loop->index = i;
        run->frame = new_frame(run, back);
        ift_jframe_set(run, run->frame, "loop",
                       (struct ift_jval){.type = IFT_JVAL_LOOP, .loop = loop});
        IFT_TRY(assign(run, node->kid[0], items->item[i]));
        IFT_TRY(walk(run, node->kid[3]));
        const bool stops = run->flow == IFT_JRUN_BREAK;
        run->flow = IFT_JRUN_GO;
        if (stops) break;
    }
    run->frame = back;
    if (items->n == 0 && node->kid[4]) {
        run->frame = new_frame(run, back);
        IFT_TRY(walk(run, node->kid[4]));
        run->frame = back;
    }
    return 0;
}

static int walk_for(struct ift_jrun *run, const struct ift_jnode *node) {
    struct ift_jval over;
    IFT_TRY(ift_jinja_eval(run, node->kid[1], &over));
    return walk_items(run, node, over, NULL);
}

/* loop(items) of a recursive loop: the loop again, as text. */
int ift_jinja_call_loop(struct ift_jrun *run, struct ift_jloop *loop, const struct ift_jargs *args,
                        struct ift_jval *out) {
    struct ift_jbuild text = {.run = run}, *const outer = run->out;
    struct ift_jframe *const back = run->frame;
    if (!loop->node->recursive || args->n != 1)
        return ift_jrun_fail(run, "only a recursive loop can be called, with one argument");
    IFT_TRY(ift_jrun_deeper(run));
    run->out = &text;
    run->frame = loop->frame;
    IFT_TRY(walk_items(run, loop->node, args->value[0], loop));
    run->frame = back;
    run->out = outer;
    run->depth--;
    *out = ift_jval_of(ift_jbuild_text(&text));
    return 0;
}

int ift_jloop_attr(struct ift_jrun *run, struct ift_jloop *loop, const char *name,
                   struct ift_jval *out) {
    static const char *const names[] = {"index",  "index0",   "revindex", "revindex0",
                                        "length", "depth",    "depth0",   "first",
                                        "last",   "previtem", "nextitem"};
    const size_t n = loop->items->n, i = loop->index;
    const struct ift_jval value[] = {ift_jval_int((__int128)i + 1),
                                     ift_jval_int((__int128)i),
                                     ift_jval_int((__int128)(n - i)),
                                     ift_jval_int((__int128)(n - i) - 1),
                                     ift_jval_int((__int128)n),
                                     ift_jval_int(loop->depth + 1),
                                     ift_jval_int(loop->depth),
                                     ift_jval_bool(i == 0),
                                     ift_jval_bool(i + 1 == n),
                                     i > 0 ? loop->items->item[i - 1]
                                           : ift_jval_undefined("loop.previtem"),
                                     i + 1 < n ? loop->items->item[i + 1]
                                               : ift_jval_undefined("loop.nextitem")};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0) {
            *out = value[k];
            return 0;
        }
    const struct ift_jval self = {.type = IFT_JVAL_LOOP, .loop = loop};
    const struct ift_jmethod_row *const row = ift_jinja_method(self, name);
    if (!row) return ift_jrun_fail(run, "loop.%s is not known", name);
    struct ift_jmethod *const method = ift_jrun_alloc(run, sizeof *method);
    *method = (struct ift_jmethod){self, row};
    *out = (struct ift_jval){.type = IFT_JVAL_METHOD, .method = method};
    return 0;
}

/* ---- macros ---- */

static void define(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jmacro *const macro = ift_jrun_alloc(run, sizeof *macro);
    *macro = (struct ift_jmacro){node, run->frame, ift_jval_undefined("caller")};
    *out = (struct ift_jval){.type = IFT_JVAL_MACRO, .macro = macro};
}

static const struct ift_jval *named(const struct ift_jargs *args, const char *name) {
    for (size_t i = 0; i < args->nnamed; i++)
        if (strcmp(args->name[i], name) == 0) return &args->value[args->n + i];
    return NULL;
}

/* What no parameter takes: varargs and kwargs, in macros that speak of them. */
static int bind_rest(struct ift_jrun *run, const struct ift_jnode *node,
                     const struct ift_jargs *args) {
    struct ift_jval kwargs = ift_jval_dict(run);
    const bool takes = node->rest & IFT_JREST_VARARGS, takes_named = node->rest & IFT_JREST_KWARGS;
    const size_t more = args->n > node->narg ? args->n - node->narg : 0;
    for (size_t i = 0; i < args->nnamed; i++) {
        size_t k = 0;
        while (k < node->narg && strcmp(node->arg[k].name, args->name[i]) != 0) k++;
        if (k < node->narg && k < args->n)
            return ift_jrun_fail(run, "%s() has \"%s\" twice", node->name, args->name[i]);
        if (k < node->narg || strcmp(args->name[i], "caller") == 0) continue;
        if (!takes_named)
            return ift_jrun_fail(run, "%s() has no parameter \"%s\"", node->name, args->name[i]);
        ift_jdict_set(run, kwargs.dict, ift_jval_word(args->name[i]), args->value[args->n + i]);
    }
    if (more && !takes)
        return ift_jrun_fail(run, "%s() takes %zu arguments, not %zu", node->name, node->narg,
                             args->n);
    if (takes)
        ift_jframe_set(run, run->frame, "varargs",
                       ift_jval_tuple(run, more, args->value + (more ? node->narg : 0)));
    if (takes_named) ift_jframe_set(run, run->frame, "kwargs", kwargs);
    return 0;
}

static int bind(struct ift_jrun *run, const struct ift_jnode *node, const struct ift_jargs *args) {
    for (size_t i = 0; i < node->narg; i++) {
        const char *const name = node->arg[i].name;
        const struct ift_jval *const given = i < args->n ? &args->value[i] : named(args, name);
        struct ift_jval value = ift_jval_undefined(name);
        if (given)
            value = *given;
        else if (node->arg[i].value)
            IFT_TRY(ift_jinja_eval(run, node->arg[i].value, &value));
        ift_jframe_set(run, run->frame, name, value);
    }
    return bind_rest(run, node, args);
}

int ift_jinja_call_macro(struct ift_jrun *run, struct ift_jmacro *macro,
                         const struct ift_jargs *args, struct ift_jval *out) {
    struct ift_jframe *const back = run->frame, *const frame = new_frame(run, macro->frame);
    const struct ift_jval *const caller = named(args, "caller");
    IFT_TRY(ift_jrun_deeper(run));
    run->frame = frame;
    if (caller) ift_jframe_set(run, frame, "caller", *caller);
    IFT_TRY(bind(run, macro->node, args));
    IFT_TRY(capture(run, macro->node->kid[0], frame, out));
    run->frame = back;
    run->depth--;
    return 0;
}

/* The call's arguments, and the body by the name of caller. */
static int walk_call(struct ift_jrun *run, const struct ift_jnode *node) {
    struct ift_jval caller, text;
    struct ift_jnode constant = {.kind = IFT_JNODE_CONST, .line = node->line}, call = *node->kid[0];
    define(run, node->kid[1], &caller);
    constant.value = caller;
    call.arg = ift_jrun_alloc(run, (call.narg + 1) * sizeof *call.arg);
    for (size_t i = 0; i < call.narg; i++) call.arg[i] = node->kid[0]->arg[i];
    call.arg[call.narg++] = (struct ift_jarg){"caller", &constant};
    IFT_TRY(ift_jinja_eval(run, &call, &text));
    return ift_jval_print(run->out, text);
}

/* ---- statements ---- */

static int walk_if(struct ift_jrun *run, const struct ift_jnode *node) {
    for (;;) {
        struct ift_jval test;
        IFT_TRY(ift_jinja_eval(run, node->kid[0], &test));
        if (ift_jval_truth(test)) return walk(run, node->kid[1]);
        if (node->n < 3) return 0;
        node = node->kid[2];
        if (node->kind != IFT_JNODE_IF) return walk(run, node);
    }
}

static int walk_with(struct ift_jrun *run, const struct ift_jnode *node) {
    struct ift_jframe *const back = run->frame, *const frame = new_frame(run, back);
    for (size_t i = 0; i + 1 < node->n; i++) {
        struct ift_jval value; /* in terms of what is outside */
        IFT_TRY(ift_jinja_eval(run, node->kid[i]->kid[1], &value));
        ift_jframe_set(run, frame, node->kid[i]->kid[0]->name, value);
    }
    run->frame = frame;
    IFT_TRY(walk(run, node->kid[node->n - 1]));
    run->frame = back;
    return 0;
}

static int walk_set_block(struct ift_jrun *run, const struct ift_jnode *node) {
    struct ift_jval value;
    IFT_TRY(capture(run, node->kid[2], new_frame(run, run->frame), &value));
    if (node->kid[1]) IFT_TRY(apply_filters(run, node->kid[1], value, &value));
    return assign(run, node->kid[0], value);
}

static int walk_filter_block(struct ift_jrun *run, const struct ift_jnode *node) {
    struct ift_jval value;
    IFT_TRY(capture(run, node->kid[1], new_frame(run, run->frame), &value));
    IFT_TRY(apply_filters(run, node->kid[0], value, &value));
    return ift_jval_print(run->out, value);
}

static int walk_generation(struct ift_jrun *run, const struct ift_jnode *node) {
    const size_t from = run->out->n;
    struct ift_jframe *const back = run->frame;
    run->frame = new_frame(run, back);
    IFT_TRY(walk(run, node->kid[0]));
    run->frame = back;
    if (run->marking < 0)
        return ift_jrun_fail(run, "\"generation\" inside of what is kept as a text");
    if (run->out->n == from) return 0;
    run->said = ift_jrun_grow(run, run->said, run->nsaid, &run->said_cap, sizeof *run->said);
    run->said[run->nsaid++] = (struct ift_jspan){from, run->out->n};
    return 0;
}

static int walk_kind(struct ift_jrun *run, const struct ift_jnode *node) {
    struct ift_jval value;
    switch (node->kind) {
    case IFT_JNODE_DATA:
        return ift_jval_print(run->out, node->value);
    case IFT_JNODE_PRINT:
        IFT_TRY(ift_jinja_eval(run, node->kid[0], &value));
        return ift_jval_print(run->out, value);
    case IFT_JNODE_BODY:
        for (size_t i = 0; run->flow == IFT_JRUN_GO && i < node->n; i++)
            IFT_TRY(walk(run, node->kid[i]));
        return 0;
    case IFT_JNODE_FOR:
        return walk_for(run, node);
    case IFT_JNODE_IF:
        return walk_if(run, node);
    case IFT_JNODE_SET:
        IFT_TRY(ift_jinja_eval(run, node->kid[1], &value));
        return assign(run, node->kid[0], value);
    case IFT_JNODE_SET_BLOCK:
        return walk_set_block(run, node);
    case IFT_JNODE_MACRO:
        define(run, node, &value);
        ift_jframe_set(run, run->frame, node->name, value);
        return 0;
    case IFT_JNODE_CALL_BLOCK:
        return walk_call(run, node);
    case IFT_JNODE_FILTER_BLOCK:
        return walk_filter_block(run, node);
    case IFT_JNODE_WITH:
        return walk_with(run, node);
    case IFT_JNODE_GENERATION:
        return walk_generation(run, node);
    default:
        run->flow = node->kind == IFT_JNODE_BREAK ? IFT_JRUN_BREAK : IFT_JRUN_CONTINUE;
        return 0;
    }
}

static int walk(struct ift_jrun *run, const struct ift_jnode *node) {
    run->line = node->line;
    IFT_TRY(ift_jrun_deeper(run));
    IFT_TRY(walk_kind(run, node));
    run->depth--;
    return 0;
}

int ift_jinja_render(const struct ift_jinja *j, struct ift_jrun *run, struct ift_jout *out,
                     struct ift_err *err) {
    struct ift_jbuild text = {.run = run};
    run->err = err;
    run->out = &text;
    run->frame = new_frame(run, &run->globals); /* what the template sets ends with it */
    run->depth = run->marking = 0;
    run->steps = 0;
    run->flow = IFT_JRUN_GO;
    run->said = NULL;
    run->nsaid = run->said_cap = 0;
    const int rc = walk(run, j->body) < 0 ? -1 : ift_jrun_room(run, 0);
    run->out = NULL;
    *out = (struct ift_jout){ift_jbuild_text(&text), run->said, run->nsaid};
    return rc;
}
