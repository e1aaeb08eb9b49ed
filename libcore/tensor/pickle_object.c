/* What a pickle may name and call: storages, and how a tensor lies in one. */
#include <string.h>

#include "libcore/tensor/pickle_internal.h"

/* ---- the global names ---- */

enum call { CALL_DICT, CALL_TENSOR, CALL_PARAMETER, CALL_NOTHING };

struct ift_pickle_global {
    const char *module, *name;
    enum call call;
    enum ift_dtype storage; /* for CALL_NOTHING: the type of numbers that this storage holds */
};

/* To read another kind of storage, or another way to say the same: one row. */
static const struct ift_pickle_global globals[] = {
    {"collections", "OrderedDict", CALL_DICT, 0},
    {"torch._utils", "_rebuild_tensor", CALL_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v2", CALL_TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", CALL_PARAMETER, 0},
    {"torch", "FloatStorage", CALL_NOTHING, IFT_F32},
    {"torch", "HalfStorage", CALL_NOTHING, IFT_F16},
    {"torch", "BFloat16Storage", CALL_NOTHING, IFT_BF16},
    {"torch", "DoubleStorage", CALL_NOTHING, IFT_F64},
    {"torch", "LongStorage", CALL_NOTHING, IFT_I64},
    {"torch", "IntStorage", CALL_NOTHING, IFT_I32},
    {"torch", "ShortStorage", CALL_NOTHING, IFT_I16},
    {"torch", "CharStorage", CALL_NOTHING, IFT_I8},
    {"torch", "ByteStorage", CALL_NOTHING, IFT_U8},
    {"torch", "BoolStorage", CALL_NOTHING, IFT_BOOL},
    {"torch.storage", "UntypedStorage", CALL_NOTHING, IFT_U8},
};

/* ---- tensors ---- */

/* Fit for a message: cut, and nothing in it that would move a cursor. */
static void add_word(struct ift_str *to, struct ift_slice word) {
    for (size_t i = 0; i < word.n && i < 80; i++)
        ift_str_addc(to, word.p[i] > ' ' && word.p[i] < 0x7f ? word.p[i] : '?');
}

int ift_pickle_push_global(struct ift_pickle_machine *m, struct ift_err *err) {
    struct ift_slice module, name;
    IFT_TRY(ift_pickle_line(m, &module, err));
    IFT_TRY(ift_pickle_line(m, &name, err));
    /* Files from before torch 1.6 say on which kind of device a storage was. */
    const bool cuda = ift_slice_is(module, "torch.cuda");
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        const struct ift_pickle_global *const g = &globals[i];
        if (!ift_slice_is(name, g->name)) continue;
        if (!ift_slice_is(module, g->module) && !(cuda && strcmp(g->module, "torch") == 0))
            continue;
        return ift_pickle_push(m,
                               (struct ift_pickle_value){.kind = IFT_PICKLE_GLOBAL, .global = g});
    }
    struct ift_str text = {0};
    add_word(&text, module);
    ift_str_addc(&text, '.');
    add_word(&text, name);
    ift_fail(err, "pickle asks for %s: refused, only plain tensors are read", text.p);
    ift_str_release(&text);
    return -1;
}

static bool is_size(const struct ift_pickle_value *v) {
    return v->kind == IFT_PICKLE_INT && v->number >= 0;
}

/* ("storage", kind of storage, key, device, elements), and in old files a view, which is None. */
int ift_pickle_push_storage(struct ift_pickle_machine *m, struct ift_err *err) {
    struct ift_pickle_value id;
    IFT_TRY(ift_pickle_pop(m, &id, err));
    const size_t n = id.kind == IFT_PICKLE_TUPLE ? id.list->n : 0;
    const struct ift_pickle_value *const v = n ? id.list->item : &id;
    if (n < 5 || n > 6 || v[0].kind != IFT_PICKLE_TEXT || !ift_slice_is(*v[0].text, "storage") ||
        v[1].kind != IFT_PICKLE_GLOBAL || v[1].global->call != CALL_NOTHING ||
        v[2].kind != IFT_PICKLE_TEXT || strlen(v[2].text->p) != v[2].text->n || !is_size(&v[4]))
        return ift_pickle_broken(m, "refers to something else than a storage of numbers", err);
    if (n == 6 && v[5].kind != IFT_PICKLE_NONE)
        return ift_pickle_broken(m, "a view of a storage, as torch wrote before 0.4: save it anew",
                                 err);
    struct ift_pickle_storage *const s = ift_arena_alloc(m->arena, sizeof *s);
    *s = (struct ift_pickle_storage){v[2].text->p, v[1].global->storage, v[4].number};
    return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_STORAGE, .storage = s});
}

static bool take_sizes(const struct ift_pickle_value *tuple, int64_t *to) {
    for (size_t i = 0; i < tuple->list->n; i++) {
        if (!is_size(&tuple->list->item[i])) return false;
        to[i] = tuple->list->item[i].number;
    }
    return true;
}

/* (storage, offset, size, stride, …): whether it wants a gradient, and hooks, do not matter. */
static int push_tensor(struct ift_pickle_machine *m, const struct ift_pickle_list *arg,
                       struct ift_err *err) {
    const struct ift_pickle_value *const v = arg->item;
    if (arg->n < 4 || v[0].kind != IFT_PICKLE_STORAGE || !is_size(&v[1]) ||
        v[2].kind != IFT_PICKLE_TUPLE || v[3].kind != IFT_PICKLE_TUPLE ||
        v[2].list->n != v[3].list->n)
        return ift_pickle_broken(m, "describes a tensor in a way that is not known", err);
    if (v[2].list->n > IFT_MAX_DIMS)
        return ift_pickle_broken(m, "a tensor of more than four dimensions", err);
    struct ift_pickle_tensor *const t = ift_arena_alloc(m->arena, sizeof *t);
    *t = (struct ift_pickle_tensor){.storage = v[0].storage,
                                    .offset = v[1].number,
                                    .ndim = (int)v[2].list->n};
    if (!take_sizes(&v[2], t->dim) || !take_sizes(&v[3], t->stride))
        return ift_pickle_broken(m, "a tensor with sizes that are none", err);
    return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_TENSOR, .tensor = t});
}

int ift_pickle_call(struct ift_pickle_machine *m, struct ift_err *err) {
    struct ift_pickle_value args, f;
    IFT_TRY(ift_pickle_pop(m, &args, err));
    IFT_TRY(ift_pickle_pop(m, &f, err));
    if (args.kind != IFT_PICKLE_TUPLE || f.kind != IFT_PICKLE_GLOBAL)
        return ift_pickle_broken(m, "calls something that is no function", err);
    const struct ift_pickle_list *const arg = args.list;
    switch (f.global->call) {
    case CALL_TENSOR:
        return push_tensor(m, arg, err);
    case CALL_DICT:
        if (arg->n == 0) return ift_pickle_push(m, ift_pickle_make(m, IFT_PICKLE_DICT));
        break;
    case CALL_PARAMETER: /* (tensor, …) */
        if (arg->n && arg->item[0].kind == IFT_PICKLE_TENSOR)
            return ift_pickle_push(m, arg->item[0]);
        break;
    case CALL_NOTHING:
        break;
    }
    return IFT_FAIL(err, "pickle calls %s.%s in a way that is not known: refused", f.global->module,
                    f.global->name);
}
