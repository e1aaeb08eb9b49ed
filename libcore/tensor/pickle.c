/* The machine of pickle.h: its stack, plain data, the memo, the program. */
#include "libcore/tensor/pickle_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- the machine ---- */

int ift_pickle_broken(const struct ift_pickle_machine *m, const char *what, struct ift_err *err) {
    return IFT_FAIL(err, "pickle, byte %zu: %s", m->at, what);
}

/* The next n bytes of the program; NULL: it is cut. */
static const unsigned char *take(struct ift_pickle_machine *m, uint64_t n, struct ift_err *err) {
    if (n > m->n - m->at) {
        ift_pickle_broken(m, "cut", err);
        return NULL;
    }
    m->at += (size_t)n;
    return m->p + m->at - n;
}

/* A little-endian unsigned number of n <= 8 bytes. */
static int take_number(struct ift_pickle_machine *m, size_t n, uint64_t *value,
                       struct ift_err *err) {
    const unsigned char *const p = take(m, n, err);
    if (!p) return -1;
    *value = 0;
    for (size_t i = n; i-- > 0;) *value = *value << 8 | p[i];
    return 0;
}

int ift_pickle_push(struct ift_pickle_machine *m, struct ift_pickle_value v) {
    m->stack = ift_grow(m->stack, m->depth + 1, &m->stack_cap, sizeof *m->stack);
    m->stack[m->depth++] = v;
    return 0;
}

/* The top of the stack, which must be of that kind; NULL: it is not. */
static struct ift_pickle_value *top(struct ift_pickle_machine *m, enum ift_pickle_kind kind) {
    struct ift_pickle_value *const v = m->depth ? &m->stack[m->depth - 1] : NULL;
    return v && v->kind == kind ? v : NULL;
}

/* Any value, but no mark. */
int ift_pickle_pop(struct ift_pickle_machine *m, struct ift_pickle_value *v, struct ift_err *err) {
    if (!m->depth || top(m, IFT_PICKLE_MARK))
        return ift_pickle_broken(m, "takes a value that is not there", err);
    *v = m->stack[--m->depth];
    return 0;
}

/* Takes the values above the last mark, and the mark. They stay where they are until the next push.
 */
static int pop_to_mark(struct ift_pickle_machine *m, const struct ift_pickle_value **v, size_t *n,
                       struct ift_err *err) {
    size_t mark = m->depth;
    while (mark && m->stack[mark - 1].kind != IFT_PICKLE_MARK) mark--;
    if (!mark) return ift_pickle_broken(m, "takes values up to a mark that is not there", err);
    *v = m->stack + mark;
    *n = m->depth - mark;
    m->depth = mark - 1;
    return 0;
}

struct ift_pickle_value ift_pickle_make(struct ift_pickle_machine *m, enum ift_pickle_kind kind) {
    struct ift_pickle_list *const list = ift_arena_alloc(m->arena, sizeof *list);
    *list = (struct ift_pickle_list){0};
    return (struct ift_pickle_value){.kind = kind, .list = list};
}

/* The arena does not take back what is outgrown, which doubles what a list costs at most. */
static void append(struct ift_pickle_machine *m, struct ift_pickle_list *list,
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

static int push_int(struct ift_pickle_machine *m, size_t bytes, struct ift_err *err) {
    uint64_t value;
    IFT_TRY(take_number(m, bytes, &value, err));
    const int64_t number = bytes == 4 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
    return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_INT, .number = number});
}

/* LONG1: two's complement of as many bytes as the first says. */
static int push_long(struct ift_pickle_machine *m, struct ift_err *err) {
    uint64_t n;
    IFT_TRY(take_number(m, 1, &n, err));
    const unsigned char *const p = take(m, n, err);
    if (!p) return -1;
    if (n > 8) return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_OTHER});
    uint64_t value = n && p[n - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = n; i-- > 0;) value = value << 8 | p[i];
    return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_INT,
                                                        .number = (int64_t)value});
}

static int push_text(struct ift_pickle_machine *m, size_t length_bytes, struct ift_err *err) {
    uint64_t n;
    IFT_TRY(take_number(m, length_bytes, &n, err));
    const unsigned char *const p = take(m, n, err);
    if (!p) return -1;
    struct ift_slice *const text = ift_arena_alloc(m->arena, sizeof *text);
    *text = (struct ift_slice){ift_arena_strndup(m->arena, (const char *)p, (size_t)n), (size_t)n};
    return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_TEXT, .text = text});
}

static int push_real(struct ift_pickle_machine *m, struct ift_err *err) {
    if (!take(m, 8, err)) return -1;
    return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_OTHER});
}

static int push_tuple(struct ift_pickle_machine *m, size_t n, struct ift_err *err) {
    struct ift_pickle_value item[3], tuple = ift_pickle_make(m, IFT_PICKLE_TUPLE);
    for (size_t i = n; i-- > 0;) IFT_TRY(ift_pickle_pop(m, &item[i], err));
    append(m, tuple.list, item, n);
    return ift_pickle_push(m, tuple);
}

static int push_marked_tuple(struct ift_pickle_machine *m, struct ift_err *err) {
    const struct ift_pickle_value *item;
    size_t n;
    IFT_TRY(pop_to_mark(m, &item, &n, err));
    const struct ift_pickle_value tuple = ift_pickle_make(m, IFT_PICKLE_TUPLE);
    append(m, tuple.list, item, n);
    return ift_pickle_push(m, tuple);
}

/* Appends what was collected to the list or dictionary below it. */
static int collect(struct ift_pickle_machine *m, enum ift_pickle_kind kind,
                   const struct ift_pickle_value *v, size_t n, struct ift_err *err) {
    struct ift_pickle_value *const to = top(m, kind);
    const bool pairs = kind == IFT_PICKLE_DICT;
    if (!to || (pairs && n % 2))
        return ift_pickle_broken(m, "fills something that cannot be filled", err);
    append(m, to->list, v, n);
    return 0;
}

static int collect_fixed(struct ift_pickle_machine *m, enum ift_pickle_kind kind, size_t n,
                         struct ift_err *err) {
    struct ift_pickle_value item[2];
    for (size_t i = n; i-- > 0;) IFT_TRY(ift_pickle_pop(m, &item[i], err));
    return collect(m, kind, item, n, err);
}

static int collect_marked(struct ift_pickle_machine *m, enum ift_pickle_kind kind,
                          struct ift_err *err) {
    const struct ift_pickle_value *item;
    size_t n;
    IFT_TRY(pop_to_mark(m, &item, &n, err));
    return collect(m, kind, item, n, err);
}

/* A line of the program without its end. */
int ift_pickle_line(struct ift_pickle_machine *m, struct ift_slice *line, struct ift_err *err) {
    const unsigned char *const from = m->p + m->at;
    const unsigned char *const end = m->at < m->n ? memchr(from, '\n', m->n - m->at) : NULL;
    if (!end) return ift_pickle_broken(m, "cut", err);
    *line = (struct ift_slice){(const char *)from, (size_t)(end - from)};
    m->at += line->n + 1;
    return 0;
}

/* ---- the memo ---- */

/* Picklers number what they remember from 0, so a number is never more than what was read so far
 * could have put there. */
static int put(struct ift_pickle_machine *m, size_t bytes, struct ift_err *err) {
    uint64_t i;
    struct ift_pickle_value v;
    IFT_TRY(take_number(m, bytes, &i, err));
    IFT_TRY(ift_pickle_pop(m, &v, err));
    if (i > m->at)
        return ift_pickle_broken(m, "remembers a value under a number that is too large", err);
    m->memo = ift_grow(m->memo, (size_t)i + 1, &m->memo_cap, sizeof *m->memo);
    while (m->memos <= i) m->memo[m->memos++].kind = IFT_PICKLE_MARK; /* nothing there */
    m->memo[i] = v;
    return ift_pickle_push(m, v);
}

static int get(struct ift_pickle_machine *m, size_t bytes, struct ift_err *err) {
    uint64_t i;
    IFT_TRY(take_number(m, bytes, &i, err));
    if (i >= m->memos || m->memo[i].kind == IFT_PICKLE_MARK)
        return ift_pickle_broken(m, "recalls a value that was not remembered", err);
    return ift_pickle_push(m, m->memo[i]);
}

/* Attributes of a dictionary, where state dicts keep the versions of their modules. */
static int set_attributes(struct ift_pickle_machine *m, struct ift_err *err) {
    struct ift_pickle_value attributes;
    IFT_TRY(ift_pickle_pop(m, &attributes, err));
    return top(m, IFT_PICKLE_DICT) ? 0
                                   : ift_pickle_broken(m, "sets attributes of no dictionary", err);
}

/* ---- the program ---- */

enum { GOES_ON, STOPS };

static int run_data(struct ift_pickle_machine *m, unsigned char op, struct ift_err *err) {
    switch (op) {
    case 'N':
        return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_NONE});
    case 0x88:
        return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_BOOL, .number = 1});
    case 0x89:
        return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_BOOL});
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
        return ift_pickle_push(m, ift_pickle_make(m, IFT_PICKLE_LIST));
    case '}':
        return ift_pickle_push(m, ift_pickle_make(m, IFT_PICKLE_DICT));
    case '(':
        return ift_pickle_push(m, (struct ift_pickle_value){.kind = IFT_PICKLE_MARK});
    default:
        break;
    }
    m->at--;
    return IFT_FAIL(err,
                    "pickle, byte %zu: instruction 0x%02x is not one that plain tensors need: "
                    "refused",
                    m->at, op);
}

static int step(struct ift_pickle_machine *m, struct ift_err *err) {
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
        return ift_pickle_push_global(m, err);
    case 'Q':
        return ift_pickle_push_storage(m, err);
    case 'R':
        return ift_pickle_call(m, err);
    case 'b':
        return set_attributes(m, err);
    default:
        return run_data(m, (unsigned char)op, err);
    }
}

int ift_pickle_read(const unsigned char *p, size_t n, struct ift_arena *arena,
                    struct ift_pickle_value *value, size_t *used, struct ift_err *err) {
    struct ift_pickle_machine m = {.p = p, .n = n, .arena = arena};
    int rc = GOES_ON;
    while (rc == GOES_ON) rc = step(&m, err);
    if (rc == STOPS) rc = ift_pickle_pop(&m, value, err);
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
