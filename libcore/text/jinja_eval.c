/* Expressions of jinja.h, evaluated. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja_internal.h"

static int fail_undefined(struct ift_jrun *run, struct ift_jval v) {
    return ift_jrun_fail(run, "\"%s\" is undefined", v.missing);
}

/* ---- what a value has ---- */

static int is_internal(const char *name) {
    return name[0] == '_';
}

static int get_attr(struct ift_jrun *run, struct ift_jval v, const char *name,
                    struct ift_jval *out) {
    *out = ift_jval_undefined(name);
    if (v.type == IFT_JVAL_UNDEFINED) return fail_undefined(run, v);
    if (is_internal(name)) return 0;
    if (v.type == IFT_JVAL_LOOP) return ift_jloop_attr(run, v.loop, name, out);
    const struct ift_jmethod_row *const row = ift_jinja_method(v, name);
    if (row) {
        struct ift_jmethod *const method = ift_jrun_alloc(run, sizeof *method);
        *method = (struct ift_jmethod){v, row};
        *out = (struct ift_jval){.type = IFT_JVAL_METHOD, .method = method};
    } else if (v.type == IFT_JVAL_DICT || v.type == IFT_JVAL_NAMESPACE) {
        const struct ift_jval *const found = ift_jdict_find(run, v.dict, ift_jval_word(name));
        if (found) *out = *found;
    }
    return 0;
}

static int index_of(struct ift_jrun *run, struct ift_jval v, __int128 i, struct ift_jval *out) {
    const struct ift_jlist *items;
    *out = ift_jval_undefined("an item that is not there");
    IFT_TRY(ift_jval_items(run, v, &items));
    if (i < 0) i += (__int128)items->n;
    if (i >= 0 && i < (__int128)items->n) *out = items->item[(size_t)i];
    return 0;
}

int ift_jinja_item(struct ift_jrun *run, struct ift_jval v, struct ift_jval key,
                   struct ift_jval *out) {
    __int128 i;
    if (v.type == IFT_JVAL_UNDEFINED) return fail_undefined(run, v);
    if (v.type == IFT_JVAL_DICT) {
        const struct ift_jval *const found = ift_jdict_find(run, v.dict, key);
        *out = found ? *found : ift_jval_undefined("a key that is not there");
        if (found) return 0;
    } else if ((v.type == IFT_JVAL_LIST || v.type == IFT_JVAL_TUPLE || v.type == IFT_JVAL_TEXT) &&
               ift_jval_whole(key, &i)) {
        return index_of(run, v, i, out);
    }
    *out = ift_jval_undefined("an item that is not there");
    if (key.type != IFT_JVAL_TEXT) return 0;
    char *const name = ift_jrun_alloc(run, key.text.n + 1);
    memcpy(name, key.text.p, key.text.n);
    name[key.text.n] = '\0';
    return strlen(name) == key.text.n ? get_attr(run, v, name, out) : 0;
}

/* ---- operators ---- */

static int fail_binary(struct ift_jrun *run, const char *op, struct ift_jval a, struct ift_jval b) {
    if (a.type == IFT_JVAL_UNDEFINED) return fail_undefined(run, a);
    if (b.type == IFT_JVAL_UNDEFINED) return fail_undefined(run, b);
    return ift_jrun_fail(run, "%s %s %s is not possible", ift_jval_kind(a), op, ift_jval_kind(b));
}

static int concatenate(struct ift_jrun *run, struct ift_jval a, struct ift_jval b,
                       struct ift_jval *out) {
    struct ift_jbuild both = {.run = run};
    IFT_TRY(ift_jval_print(&both, a));
    IFT_TRY(ift_jval_print(&both, b));
    *out = ift_jval_of(ift_jbuild_text(&both));
    return 0;
}

static int repeat(struct ift_jrun *run, struct ift_jval v, __int128 times, struct ift_jval *out) {
    const bool text = v.type == IFT_JVAL_TEXT;
    const size_t n = text ? v.text.n : v.list->n;
    struct ift_jbuild b = {.run = run};
    if (times < 0 || n == 0) times = 0;
    if (times > IFT_JINJA_MEMORY) times = IFT_JINJA_MEMORY;
    IFT_TRY(ift_jrun_room(run, n * (size_t)times * (text ? 1 : sizeof *v.list->item)));
    *out = ift_jval_list(run);
    out->type = v.type;
    for (__int128 i = 0; i < times; i++) {
        if (text) ift_jbuild_add(&b, v.text);
        for (size_t k = 0; !text && k < n; k++) ift_jval_add(run, *out, v.list->item[k]);
    }
    if (text) *out = ift_jval_of(ift_jbuild_text(&b));
    return 0;
}

static bool is_repeatable(struct ift_jval v) {
    return v.type == IFT_JVAL_TEXT || v.type == IFT_JVAL_LIST || v.type == IFT_JVAL_TUPLE;
}

static int of_sequences(struct ift_jrun *run, char op, struct ift_jval a, struct ift_jval b,
                        struct ift_jval *out) {
    __int128 times;
    if (op == '*' && is_repeatable(a) && ift_jval_whole(b, &times))
        return repeat(run, a, times, out);
    if (op == '*' && is_repeatable(b) && ift_jval_whole(a, &times))
        return repeat(run, b, times, out);
    if (op == '%' && a.type == IFT_JVAL_TEXT) return ift_jinja_format(run, a.text, b, out);
    if (op != '+' || a.type != b.type || !is_repeatable(a))
        return fail_binary(run, (const char[]){op, '\0'}, a, b);
    if (a.type == IFT_JVAL_TEXT) return concatenate(run, a, b, out);
    *out = ift_jval_list(run);
    out->type = a.type;
    for (size_t i = 0; i < a.list->n; i++) ift_jval_add(run, *out, a.list->item[i]);
    for (size_t i = 0; i < b.list->n; i++) ift_jval_add(run, *out, b.list->item[i]);
    return 0;
}

static int power(struct ift_jrun *run, __int128 a, __int128 b, struct ift_jval *out) {
    __int128 product = 1;
    if (b < 0) {
        if (a == 0) return ift_jrun_fail(run, "zero has no negative power");
        *out = ift_jval_float(pow((double)a, (double)b));
        return 0;
    }
    if (a == 0 || a == 1 || a == -1) {
        *out = ift_jval_int(b == 0 ? 1 : a == -1 && b % 2 == 0 ? 1 : a);
        return 0;
    }
    for (__int128 i = 0; i < b; i++)
        if (__builtin_mul_overflow(product, a, &product))
            return ift_jrun_fail(run, "a number is too large");
    *out = ift_jval_int(product);
    return 0;
}

/* // and % round down, so that the remainder has the sign of the divisor. */
static int of_wholes(struct ift_jrun *run, const char *op, __int128 a, __int128 b,
                     struct ift_jval *out) {
    __int128 result = 0;
    bool over = false;
    if (strcmp(op, "**") == 0) return power(run, a, b, out);
    if ((op[0] == '/' || op[0] == '%') && b == 0) return ift_jrun_fail(run, "division by zero");
    if (strcmp(op, "/") == 0) {
        *out = ift_jval_float((double)a / (double)b);
        return 0;
    }
    if (op[0] == '+')
        over = __builtin_add_overflow(a, b, &result);
    else if (op[0] == '-')
        over = __builtin_sub_overflow(a, b, &result);
    else if (op[0] == '*')
        over = __builtin_mul_overflow(a, b, &result);
    else if (b == -1)
        over = op[0] == '/' && __builtin_sub_overflow((__int128)0, a, &result);
    else if (op[0] == '/')
        result = a / b - (a % b != 0 && (a < 0) != (b < 0));
    else
        result = a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
    if (over) return ift_jrun_fail(run, "a number is too large");
    *out = ift_jval_int(result);
    return 0;
}

static int of_reals(struct ift_jrun *run, const char *op, double a, double b,
                    struct ift_jval *out) {
    double result = 0;
    if ((op[0] == '/' || op[0] == '%') && b == 0) return ift_jrun_fail(run, "division by zero");
    if (strcmp(op, "**") == 0)
        result = pow(a, b);
    else if (strcmp(op, "//") == 0)
        result = floor(a / b);
    else if (op[0] == '/')
        result = a / b;
    else if (op[0] == '%')
        result = a - b * floor(a / b);
    else
        result = op[0] == '+' ? a + b : op[0] == '-' ? a - b : a * b;
    *out = ift_jval_float(result);
    return 0;
}

int ift_jinja_binary(struct ift_jrun *run, const char *op, struct ift_jval a, struct ift_jval b,
                     struct ift_jval *out) {
    __int128 m, n;
    double x, y;
    if (op[0] == '~') return concatenate(run, a, b, out);
    if (ift_jval_whole(a, &m) && ift_jval_whole(b, &n)) return of_wholes(run, op, m, n, out);
    if (ift_jval_number(a, &x) && ift_jval_number(b, &y)) return of_reals(run, op, x, y, out);
    if (op[1] == '\0') return of_sequences(run, op[0], a, b, out);
    return fail_binary(run, op, a, b);
}

static int eval_unary(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval v;
    __int128 n;
    IFT_TRY(ift_jinja_eval(run, node->kid[0], &v));
    if (v.type == IFT_JVAL_UNDEFINED) return fail_undefined(run, v);
    const bool minus = node->name[0] == '-';
    if (ift_jval_whole(v, &n)) return of_wholes(run, node->name, 0, n, out);
    if (v.type != IFT_JVAL_FLOAT) return ift_jrun_fail(run, "%s has no sign", ift_jval_kind(v));
    *out = ift_jval_float(minus ? -v.real : v.real);
    return 0;
}

static int eval_compare(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval a, b;
    bool holds = true;
    IFT_TRY(ift_jinja_eval(run, node->kid[0], &a));
    for (size_t i = 1; holds && i < node->n; i++) {
        IFT_TRY(ift_jinja_eval(run, node->kid[i], &b));
        IFT_TRY(ift_jval_compare(run, (enum ift_jcompare)node->op[i - 1], a, b, &holds));
        a = b;
    }
    *out = ift_jval_bool(holds);
    return 0;
}

/* ---- calls ---- */

static int eval_args(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jargs *args) {
    *args = (struct ift_jargs){0};
    if (node->narg == 0) return 0;
    args->value = ift_jrun_alloc(run, node->narg * sizeof *args->value);
    args->name = ift_jrun_alloc(run, node->narg * sizeof *args->name);
    for (size_t i = 0; i < node->narg; i++) {
        IFT_TRY(ift_jinja_eval(run, node->arg[i].value, &args->value[i]));
        if (node->arg[i].name)
            args->name[args->nnamed++] = node->arg[i].name;
        else
            args->n++;
    }
    return 0;
}

static int eval_call(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval callee;
    struct ift_jargs args;
    IFT_TRY(ift_jinja_eval(run, node->kid[0], &callee));
    IFT_TRY(eval_args(run, node, &args));
    run->line = node->line;
    return ift_jinja_call(run, callee, &args, out);
}

static int eval_named(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    const struct ift_jfilter *const f = node->callee;
    struct ift_jval v;
    struct ift_jargs args;
    IFT_TRY(ift_jinja_eval(run, node->kid[0], &v));
    IFT_TRY(eval_args(run, node, &args));
    run->line = node->line;
    IFT_TRY(ift_jargs_check(run, node->kind == IFT_JNODE_TEST ? "the test" : "the filter", f->name,
                            f->params, &args));
    return f->fn(run, v, &args, out);
}

/* ---- the rest ---- */

static int eval_name(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    const struct ift_jval *const found = ift_jframe_find(run->frame, node->name);
    const struct ift_jfunction *const function = found ? NULL : ift_jinja_function(node->name);
    *out = found      ? *found
           : function ? (struct ift_jval){.type = IFT_JVAL_FUNCTION, .function = function}
                      : ift_jval_undefined(node->name);
    return 0;
}

static int eval_items(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval key, item;
    if (node->kind == IFT_JNODE_DICT) {
        *out = ift_jval_dict(run);
        for (size_t i = 0; i < node->n; i += 2) {
            IFT_TRY(ift_jinja_eval(run, node->kid[i], &key));
            IFT_TRY(ift_jinja_eval(run, node->kid[i + 1], &item));
            if (key.type == IFT_JVAL_UNDEFINED || key.type > IFT_JVAL_TEXT)
                return ift_jrun_fail(run, "%s cannot be a key", ift_jval_kind(key));
            ift_jdict_set(run, out->dict, key, item);
        }
        return 0;
    }
    *out = ift_jval_list(run);
    if (node->kind == IFT_JNODE_TUPLE) out->type = IFT_JVAL_TUPLE;
    for (size_t i = 0; i < node->n; i++) {
        IFT_TRY(ift_jinja_eval(run, node->kid[i], &item));
        ift_jval_add(run, *out, item);
    }
    return 0;
}

static int eval_access(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval v, key, bound[3];
    IFT_TRY(ift_jinja_eval(run, node->kid[0], &v));
    if (node->kind == IFT_JNODE_ATTR) return get_attr(run, v, node->name, out);
    if (node->kind == IFT_JNODE_ITEM) {
        IFT_TRY(ift_jinja_eval(run, node->kid[1], &key));
        return ift_jinja_item(run, v, key, out);
    }
    for (size_t i = 0; i < 3; i++) {
        bound[i] = ift_jval_none();
        if (node->kid[i + 1]) IFT_TRY(ift_jinja_eval(run, node->kid[i + 1], &bound[i]));
    }
    return ift_jval_slice(run, v, bound, out);
}

static int eval_logic(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval v;
    IFT_TRY(ift_jinja_eval(run, node->kid[0], &v));
    const bool truth = ift_jval_truth(v);
    *out = v;
    switch (node->kind) {
    case IFT_JNODE_NOT:
        *out = ift_jval_bool(!truth);
        return 0;
    case IFT_JNODE_AND:
        return truth ? ift_jinja_eval(run, node->kid[1], out) : 0;
    case IFT_JNODE_OR:
        return truth ? 0 : ift_jinja_eval(run, node->kid[1], out);
    default: /* COND */
        if (truth || node->kid[2]) return ift_jinja_eval(run, node->kid[truth ? 1 : 2], out);
        *out = ift_jval_undefined("the other side of an \"if\" without \"else\"");
        return 0;
    }
}

static int eval_kind(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    struct ift_jval a, b;
    switch (node->kind) {
    case IFT_JNODE_CONST:
        *out = node->value;
        return 0;
    case IFT_JNODE_NAME:
        return eval_name(run, node, out);
    case IFT_JNODE_LIST:
    case IFT_JNODE_TUPLE:
    case IFT_JNODE_DICT:
        return eval_items(run, node, out);
    case IFT_JNODE_ATTR:
    case IFT_JNODE_ITEM:
    case IFT_JNODE_SLICE:
        return eval_access(run, node, out);
    case IFT_JNODE_CALL:
        return eval_call(run, node, out);
    case IFT_JNODE_FILTER:
    case IFT_JNODE_TEST:
        return eval_named(run, node, out);
    case IFT_JNODE_UNARY:
        return eval_unary(run, node, out);
    case IFT_JNODE_BINARY:
        IFT_TRY(ift_jinja_eval(run, node->kid[0], &a));
        IFT_TRY(ift_jinja_eval(run, node->kid[1], &b));
        run->line = node->line;
        return ift_jinja_binary(run, node->name, a, b, out);
    case IFT_JNODE_COMPARE:
        return eval_compare(run, node, out);
    default:
        return eval_logic(run, node, out);
    }
}

int ift_jinja_eval(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out) {
    run->line = node->line;
    IFT_TRY(ift_jrun_deeper(run));
    IFT_TRY(eval_kind(run, node, out));
    run->depth--;
    return 0;
}
