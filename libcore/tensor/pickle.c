#include "libcore/tensor/pickle.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- the machine ---- */

struct machine {
    const unsigned char *p;
    size_t n, at;
    struct ift_pickle_value *stack, *memo;
    size_t depth, stack_cap, memos, memo_cap;
    struct ift_arena *arena;
};

static const struct ift_pickle_value none = {.kind = IFT_PICKLE_NONE};

static int broken(const struct machine *m, const char *what, struct ift_err *err) {
    return IFT_FAIL(err, "pickle, byte %zu: %s", m->at, what);
}

/* The next n bytes of the program; NULL: it is cut. */
static const unsigned char *take(struct machine *m, uint64_t n, struct ift_err *err) {
    if (n > m->n - m->at) {
        broken(m, "cut", err);
        return NULL;
    }
    m->at += (size_t)n;
    return m->p + m->at - n;
}

/* A little-endian unsigned number of n <= 8 bytes. */
static int take_number(struct machine *m, size_t n, uint64_t *value, struct ift_err *err) {
    const unsigned char *const p = take(m, n, err);
    if (!p) return -1;
    *value = 0;
    for (size_t i = n; i-- > 0;) *value = *value << 8 | p[i];
    return 0;
}

static int push(struct machine *m, struct ift_pickle_value v) {
    m->stack = ift_grow(m->stack, m->depth + 1, &m->stack_cap, sizeof *m->stack);
    m->stack[m->depth++] = v;
    return 0;
}

/* The top of the stack, which must be of that kind; NULL: it is not. */
static struct ift_pickle_value *top(struct machine *m, enum ift_pickle_kind kind) {
    struct ift_pickle_value *const v = m->depth ? &m->stack[m->depth - 1] : NULL;
    return v && v->kind == kind ? v : NULL;
}

/* Any value, but no mark. */
static int pop(struct machine *m, struct ift_pickle_value *v, struct ift_err *err) {
    if (!m->depth || top(m, IFT_PICKLE_MARK))
        return broken(m, "takes a value that is not there", err);
    *v = m->stack[--m->depth];
    return 0;
}

/* Takes the values above the last mark, and the mark. They stay where they are until the next push.
 */
static int pop_to_mark(struct machine *m, const struct ift_pickle_value **v, size_t *n,
                       struct ift_err *err) {
    size_t mark = m->depth;
    while (mark && m->stack[mark - 1].kind != IFT_PICKLE_MARK) mark--;
    if (!mark) return broken(m, "takes values up to a mark that is not there", err);
    *v = m->stack + mark;
    *n = m->depth - mark;
    m->depth = mark - 1;
    return 0;
}

static struct ift_pickle_value make(struct machine *m, enum ift_pickle_kind kind) {
    struct ift_pickle_list *const list = ift_arena_alloc(m->arena, sizeof *list);
    *list = (struct ift_pickle_list){0};
    return (struct ift_pickle_value){.kind = kind, .list = list};
}

/* The arena does not take back what is outgrown, which doubles what a list costs at most. */
static void append(struct machine *m, struct ift_pickle_list *list,
                   const struct ift_pickle_value *v, size_t n) {
    if (!n) return;
    if (list->n + n > list->cap) {
        const size_t cap = list->n + n > 2 * list->cap ? list->n + n : 2 * list->cap;
        struct ift_pickle_value *const item = ift_arena_alloc(m->arena, cap * sizeof *item);
        if (list->n) memcpy(item, list->item, list->n * sizeof *item);
        list->item = item;
        list->cap = cap;
    }
    memcpy(list->item + list->n, v, n * sizeof *v);
    list->n += n;
}

/* ---- plain data ---- */

static int push_int(struct machine *m, size_t bytes, struct ift_err *err) {
    uint64_t value;
    IFT_TRY(take_number(m, bytes, &value, err));
    const int64_t number = bytes == 4 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
    return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_INT, .number = number});
}

/* LONG1: two's complement of as many bytes as the first says. */
static int push_long(struct machine *m, struct ift_err *err) {
    uint64_t n;
    IFT_TRY(take_number(m, 1, &n, err));
    const unsigned char *const p = take(m, n, err);
    if (!p) return -1;
    if (n > 8) return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_OTHER});
    uint64_t value = n && p[n - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = n; i-- > 0;) value = value << 8 | p[i];
    return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_INT, .number = (int64_t)value});
}

static int push_text(struct machine *m, size_t length_bytes, struct ift_err *err) {
    uint64_t n;
    IFT_TRY(take_number(m, length_bytes, &n, err));
    const unsigned char *const p = take(m, n, err);
    if (!p) return -1;
    struct ift_slice *const text = ift_arena_alloc(m->arena, sizeof *text);
    *text = (struct ift_slice){ift_arena_strndup(m->arena, (const char *)p, (size_t)n), (size_t)n};
    return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_TEXT, .text = text});
}

static int push_real(struct machine *m, struct ift_err *err) {
    if (!take(m, 8, err)) return -1;
    return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_OTHER});
}

static int push_tuple(struct machine *m, size_t n, struct ift_err *err) {
    struct ift_pickle_value item[3], tuple = make(m, IFT_PICKLE_TUPLE);
    for (size_t i = n; i-- > 0;) IFT_TRY(pop(m, &item[i], err));
    append(m, tuple.list, item, n);
    return push(m, tuple);
}

static int push_marked_tuple(struct machine *m, struct ift_err *err) {
    const struct ift_pickle_value *item;
    size_t n;
    IFT_TRY(pop_to_mark(m, &item, &n, err));
    const struct ift_pickle_value tuple = make(m, IFT_PICKLE_TUPLE);
    append(m, tuple.list, item, n);
    return push(m, tuple);
}

/* Appends what was collected to the list or dictionary below it. */
static int collect(struct machine *m, enum ift_pickle_kind kind, const struct ift_pickle_value *v,
                   size_t n, struct ift_err *err) {
    struct ift_pickle_value *const to = top(m, kind);
    const bool pairs = kind == IFT_PICKLE_DICT;
    if (!to || (pairs && n % 2)) return broken(m, "fills something that cannot be filled", err);
    append(m, to->list, v, n);
    return 0;
}

static int collect_fixed(struct machine *m, enum ift_pickle_kind kind, size_t n,
                         struct ift_err *err) {
    struct ift_pickle_value item[2];
    for (size_t i = n; i-- > 0;) IFT_TRY(pop(m, &item[i], err));
    return collect(m, kind, item, n, err);
}

static int collect_marked(struct machine *m, enum ift_pickle_kind kind, struct ift_err *err) {
    const struct ift_pickle_value *item;
    size_t n;
    IFT_TRY(pop_to_mark(m, &item, &n, err));
    return collect(m, kind, item, n, err);
}

/* ---- the memo ---- */

/* Picklers number what they remember from 0, so a number is never more than what was read so far
 * could have put there. */
static int put(struct machine *m, size_t bytes, struct ift_err *err) {
    uint64_t i;
    struct ift_pickle_value v;
    IFT_TRY(take_number(m, bytes, &i, err));
    IFT_TRY(pop(m, &v, err));
    if (i > m->at) return broken(m, "remembers a value under a number that is too large", err);
    m->memo = ift_grow(m->memo, (size_t)i + 1, &m->memo_cap, sizeof *m->memo);
    while (m->memos <= i) m->memo[m->memos++].kind = IFT_PICKLE_MARK; /* nothing there */
    m->memo[i] = v;
    return push(m, v);
}

static int get(struct machine *m, size_t bytes, struct ift_err *err) {
    uint64_t i;
    IFT_TRY(take_number(m, bytes, &i, err));
    if (i >= m->memos || m->memo[i].kind == IFT_PICKLE_MARK)
        return broken(m, "recalls a value that was not remembered", err);
    return push(m, m->memo[i]);
}

/* ---- tensors ---- */

/* A line of the program without its end. */
static int take_line(struct machine *m, struct ift_slice *line, struct ift_err *err) {
    const unsigned char *const from = m->p + m->at;
    const unsigned char *const end = m->at < m->n ? memchr(from, '\n', m->n - m->at) : NULL;
    if (!end) return broken(m, "cut", err);
    *line = (struct ift_slice){(const char *)from, (size_t)(end - from)};
    m->at += line->n + 1;
    return 0;
}

/* Fit for a message: cut, and nothing in it that would move a cursor. */
static void add_word(struct ift_str *to, struct ift_slice word) {
    for (size_t i = 0; i < word.n && i < 80; i++)
        ift_str_addc(to, word.p[i] > ' ' && word.p[i] < 0x7f ? word.p[i] : '?');
}

static int push_global(struct machine *m, struct ift_err *err) {
    struct ift_slice module, name;
    IFT_TRY(take_line(m, &module, err));
    IFT_TRY(take_line(m, &name, err));
    /* Files from before torch 1.6 say on which kind of device a storage was. */
    const bool cuda = ift_slice_is(module, "torch.cuda");
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        const struct ift_pickle_global *const g = &globals[i];
        if (!ift_slice_is(name, g->name)) continue;
        if (!ift_slice_is(module, g->module) && !(cuda && strcmp(g->module, "torch") == 0))
            continue;
        return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_GLOBAL, .global = g});
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
static int push_storage(struct machine *m, struct ift_err *err) {
    struct ift_pickle_value id;
    IFT_TRY(pop(m, &id, err));
    const size_t n = id.kind == IFT_PICKLE_TUPLE ? id.list->n : 0;
    const struct ift_pickle_value *const v = n ? id.list->item : &none;
    if (n < 5 || n > 6 || v[0].kind != IFT_PICKLE_TEXT || !ift_slice_is(*v[0].text, "storage") ||
        v[1].kind != IFT_PICKLE_GLOBAL || v[1].global->call != CALL_NOTHING ||
        v[2].kind != IFT_PICKLE_TEXT || strlen(v[2].text->p) != v[2].text->n || !is_size(&v[4]))
        return broken(m, "refers to something else than a storage of numbers", err);
    if (n == 6 && v[5].kind != IFT_PICKLE_NONE)
        return broken(m, "a view of a storage, as torch wrote before 0.4: save it anew", err);
    struct ift_pickle_storage *const s = ift_arena_alloc(m->arena, sizeof *s);
    *s = (struct ift_pickle_storage){v[2].text->p, v[1].global->storage, v[4].number};
    return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_STORAGE, .storage = s});
}

static bool take_sizes(const struct ift_pickle_value *tuple, int64_t *to) {
    for (size_t i = 0; i < tuple->list->n; i++) {
        if (!is_size(&tuple->list->item[i])) return false;
        to[i] = tuple->list->item[i].number;
    }
    return true;
}

/* (storage, offset, size, stride, …): whether it wants a gradient, and hooks, do not matter. */
static int push_tensor(struct machine *m, const struct ift_pickle_list *arg, struct ift_err *err) {
    const struct ift_pickle_value *const v = arg->item;
    if (arg->n < 4 || v[0].kind != IFT_PICKLE_STORAGE || !is_size(&v[1]) ||
        v[2].kind != IFT_PICKLE_TUPLE || v[3].kind != IFT_PICKLE_TUPLE ||
        v[2].list->n != v[3].list->n)
        return broken(m, "describes a tensor in a way that is not known", err);
    if (v[2].list->n > IFT_MAX_DIMS) return broken(m, "a tensor of more than four dimensions", err);
    struct ift_pickle_tensor *const t = ift_arena_alloc(m->arena, sizeof *t);
    *t = (struct ift_pickle_tensor){.storage = v[0].storage,
                                    .offset = v[1].number,
                                    .ndim = (int)v[2].list->n};
    if (!take_sizes(&v[2], t->dim) || !take_sizes(&v[3], t->stride))
        return broken(m, "a tensor with sizes that are none", err);
    return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_TENSOR, .tensor = t});
}

static int call(struct machine *m, struct ift_err *err) {
    struct ift_pickle_value args, f;
    IFT_TRY(pop(m, &args, err));
    IFT_TRY(pop(m, &f, err));
    if (args.kind != IFT_PICKLE_TUPLE || f.kind != IFT_PICKLE_GLOBAL)
        return broken(m, "calls something that is no function", err);
    const struct ift_pickle_list *const arg = args.list;
    switch (f.global->call) {
    case CALL_TENSOR:
        return push_tensor(m, arg, err);
    case CALL_DICT:
        if (arg->n == 0) return push(m, make(m, IFT_PICKLE_DICT));
        break;
    case CALL_PARAMETER: /* (tensor, …) */
        if (arg->n && arg->item[0].kind == IFT_PICKLE_TENSOR) return push(m, arg->item[0]);
        break;
    case CALL_NOTHING:
        break;
    }
    return IFT_FAIL(err, "pickle calls %s.%s in a way that is not known: refused", f.global->module,
                    f.global->name);
}

/* Attributes of a dictionary, where state dicts keep the versions of their modules. */
static int set_attributes(struct machine *m, struct ift_err *err) {
    struct ift_pickle_value attributes;
    IFT_TRY(pop(m, &attributes, err));
    return top(m, IFT_PICKLE_DICT) ? 0 : broken(m, "sets attributes of no dictionary", err);
}

/* ---- the program ---- */

enum { GOES_ON, STOPS };

static int run_data(struct machine *m, unsigned char op, struct ift_err *err) {
    switch (op) {
    case 'N':
        return push(m, none);
    case 0x88:
        return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_BOOL, .number = 1});
    case 0x89:
        return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_BOOL});
    case 'K':
        return push_int(m, 1, err);
    case 'M':
        return push_int(m, 2, err);
    case 'J':
        return push_int(m, 4, err);
    case 0x8a:
        return push_long(m, err);
    case 'G':
        return push_real(m, err);
    case 'X':
    case 'T':
        return push_text(m, 4, err);
    case 'U':
        return push_text(m, 1, err);
    case ')':
        return push_tuple(m, 0, err);
    case 0x85:
    case 0x86:
    case 0x87:
        return push_tuple(m, op - 0x84u, err);
    case 't':
        return push_marked_tuple(m, err);
    case ']':
        return push(m, make(m, IFT_PICKLE_LIST));
    case '}':
        return push(m, make(m, IFT_PICKLE_DICT));
    case '(':
        return push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_MARK});
    default:
        break;
    }
    m->at--;
    return IFT_FAIL(err,
                    "pickle, byte %zu: instruction 0x%02x is not one that plain tensors need: "
                    "refused",
                    m->at, op);
}

static int step(struct machine *m, struct ift_err *err) {
    uint64_t op, version;
    IFT_TRY(take_number(m, 1, &op, err));
    switch (op) {
    case 0x80:
        IFT_TRY(take_number(m, 1, &version, err));
        if (version == 2) return GOES_ON;
        return IFT_FAIL(err, "pickle of protocol %u: only 2, which torch.save uses, is read",
                        (unsigned)version);
    case '.':
        return STOPS;
    case 'a':
        return collect_fixed(m, IFT_PICKLE_LIST, 1, err);
    case 'e':
        return collect_marked(m, IFT_PICKLE_LIST, err);
    case 's':
        return collect_fixed(m, IFT_PICKLE_DICT, 2, err);
    case 'u':
        return collect_marked(m, IFT_PICKLE_DICT, err);
    case 'q':
        return put(m, 1, err);
    case 'r':
        return put(m, 4, err);
    case 'h':
        return get(m, 1, err);
    case 'j':
        return get(m, 4, err);
    case 'c':
        return push_global(m, err);
    case 'Q':
        return push_storage(m, err);
    case 'R':
        return call(m, err);
    case 'b':
        return set_attributes(m, err);
    default:
        return run_data(m, (unsigned char)op, err);
    }
}

int ift_pickle_read(const unsigned char *p, size_t n, struct ift_arena *arena,
                    struct ift_pickle_value *value, size_t *used, struct ift_err *err) {
    struct machine m = {.p = p, .n = n, .arena = arena};
    int rc = GOES_ON;
    while (rc == GOES_ON) rc = step(&m, err);
    if (rc == STOPS) rc = pop(&m, value, err);
    *used = m.at;
    free(m.stack);
    free(m.memo);
    return rc;
}

const struct ift_pickle_value *ift_pickle_get(const struct ift_pickle_value *dict,
                                              const char *key) {
    if (dict->kind != IFT_PICKLE_DICT) return NULL;
    for (size_t i = dict->list->n; i >= 2; i -= 2) {
        const struct ift_pickle_value *const k = &dict->list->item[i - 2];
        if (k->kind == IFT_PICKLE_TEXT && ift_slice_is(*k->text, key))
            return &dict->list->item[i - 1];
    }
    return NULL;
}
