#include "libcore/text/bpe_train.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"
#include "libcore/text/hf.h"
#include "libcore/text/u64map.h"

/* No neighbour; the id of a symbol that was joined to the one before it. */
#define NONE UINT32_MAX

struct symbol {
    uint32_t id, prev, next, word;
};

struct pair {
    int64_t count;
    uint32_t *at; /* where its left symbols were when it came up */
    size_t n, cap;
};

/* A pair in the queue, with the count that it had then. */
struct entry {
    int64_t count;
    uint64_t key; /* left << 32 | right */
    size_t pair;
};

struct trainer {
    const struct ift_bpe_train *job;
    struct ift_bpe_learned *out;
    struct ift_counted *word;
    struct symbol *symbol;   /* of all words, one after the other */
    struct ift_u64map pairs; /* key -> index of pair */
    struct pair *pair;
    size_t npairs, cap_pair;
    uint64_t *fresh; /* keys of the pairs that came up in this step */
    size_t nfresh, cap_fresh;
    struct entry *heap;
    size_t nheap, cap_heap;
};

/* ---- the queue: a heap, four children to a node ---- */

static bool before(const struct entry *a, const struct entry *b) {
    return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static void sink(struct trainer *t, struct entry e) {
    size_t i = 0;
    for (size_t first; (first = 4 * i + 1) < t->nheap;) {
        size_t best = first;
        for (size_t k = first + 1; k < first + 4 && k < t->nheap; k++)
            if (before(&t->heap[k], &t->heap[best])) best = k;
        if (!before(&t->heap[best], &e)) break;
        t->heap[i] = t->heap[best];
        i = best;
    }
    t->heap[i] = e;
}

static void push(struct trainer *t, struct entry e) {
    t->heap = ift_grow(t->heap, t->nheap + 1, &t->cap_heap, sizeof *t->heap);
    size_t i = t->nheap++;
    for (; i > 0 && before(&e, &t->heap[(i - 1) / 4]); i = (i - 1) / 4)
        t->heap[i] = t->heap[(i - 1) / 4];
    t->heap[i] = e;
}

static void pop(struct trainer *t) {
    const struct entry last = t->heap[--t->nheap];
    if (t->nheap > 0) sink(t, last);
}

/* ---- counting ---- */

static uint64_t key_of(uint32_t left, uint32_t right) {
    return (uint64_t)left << 32 | right;
}

static struct pair *find_pair(struct trainer *t, uint64_t key) {
    uint64_t i = ift_u64map_get(&t->pairs, key);
    if (i == IFT_U64MAP_NONE) {
        i = t->npairs++;
        t->pair = ift_grow(t->pair, t->npairs, &t->cap_pair, sizeof *t->pair);
        t->pair[i] = (struct pair){0};
        ift_u64map_put(&t->pairs, key, i);
    }
    return &t->pair[i];
}

static void came_up(struct trainer *t, uint32_t left, uint32_t right, uint32_t at, int64_t times) {
    const uint64_t key = key_of(left, right);
    struct pair *const p = find_pair(t, key);
    p->count += times;
    if (p->n == 0) {
        t->fresh = ift_grow(t->fresh, t->nfresh + 1, &t->cap_fresh, sizeof *t->fresh);
        t->fresh[t->nfresh++] = key;
    }
    p->at = ift_grow(p->at, p->n + 1, &p->cap, sizeof *p->at);
    p->at[p->n++] = at;
}

static void queue_fresh(struct trainer *t) {
    for (size_t i = 0; i < t->nfresh; i++) {
        const uint64_t key = t->fresh[i];
        const size_t pair = ift_u64map_get(&t->pairs, key);
        push(t, (struct entry){t->pair[pair].count, key, pair});
    }
    t->nfresh = 0;
}

/* ---- merging ---- */

/* Joins the two symbols at `at` where they are this pair still. */
static void join_at(struct trainer *t, uint32_t at, uint64_t key, uint32_t made) {
    const uint32_t left = (uint32_t)(key >> 32), right = (uint32_t)key;
    struct symbol *const s = t->symbol, *const a = &s[at];
    if (a->id != left || a->next == NONE || s[a->next].id != right) return;
    const int64_t times = (int64_t)t->word[a->word].count;
    if (a->prev != NONE) {
        find_pair(t, key_of(s[a->prev].id, left))->count -= times;
        came_up(t, s[a->prev].id, made, a->prev, times);
    }
    s[a->next].id = NONE;
    a->next = s[a->next].next;
    a->id = made;
    if (a->next == NONE) return;
    s[a->next].prev = at;
    find_pair(t, key_of(right, s[a->next].id))->count -= times;
    came_up(t, made, s[a->next].id, at, times);
}

/* Makes the token of this pair; false: text is not to become it. */
static bool make_token(struct trainer *t, uint64_t key, struct ift_str *name) {
    struct ift_vocab *const v = &t->out->name;
    const struct ift_slice left = ift_vocab_piece(v, (uint32_t)(key >> 32)),
                           right = ift_vocab_piece(v, (uint32_t)key);
    ift_str_clear(name);
    ift_str_add(name, left.p, left.n);
    ift_str_add(name, right.p, right.n);
    if (ift_vocab_find(v, name->p, name->n) >= 0) return false;
    ift_vocab_add(v, name->p, name->n, IFT_PIECE_NORMAL);
    return true;
}

static void merge_pair(struct trainer *t, uint64_t key, struct pair *p) {
    struct ift_bpe_learned *const out = t->out;
    uint32_t *const at = p->at; /* pairs move when there are more of them */
    const size_t n = p->n;
    p->at = NULL;
    p->n = p->cap = 0;
    out->merge = ift_grow(out->merge, out->nmerges + 1, &out->cap, sizeof *out->merge);
    out->merge[out->nmerges++] = (struct ift_bpe_merged){(uint32_t)(key >> 32), (uint32_t)key};
    for (size_t i = 0; i < n; i++) join_at(t, at[i], key, (uint32_t)out->name.n - 1);
    free(at);
    queue_fresh(t);
}

static void merge_pairs(struct trainer *t) {
    struct ift_str name = {0};
    while (t->out->name.n < t->job->size && t->nheap > 0) {
        struct entry top = t->heap[0];
        struct pair *const p = &t->pair[top.pair];
        if (top.count != p->count) {
            top.count = p->count;
            sink(t, top);
            continue;
        }
        if (top.count < 1 || (uint64_t)top.count < t->job->least) break;
        pop(t);
        if (make_token(t, top.key, &name)) merge_pair(t, top.key, p);
    }
    ift_str_release(&name);
}

/* ---- the beginning ---- */

static void add_name(struct ift_vocab *v, const char *p, size_t n) {
    ift_vocab_add(v, p, n, IFT_PIECE_NORMAL);
    ift_vocab_index(v, (uint32_t)v->n - 1);
}

/* Special tokens, then the byte-level alphabet in the order of its characters. */
static int begin_names(const struct trainer *t, uint32_t id_of[256], struct ift_err *err) {
    struct ift_vocab *const v = &t->out->name;
    for (size_t i = 0; i < t->job->nspecial; i++) {
        const char *const s = t->job->special[i];
        if (!*s) return ift_fail_usage(err, "a special token without a name");
        if (ift_utf8_check(s, strlen(s)) != strlen(s))
            return ift_fail_usage(err, "the name of a special token is not UTF-8");
        if (ift_vocab_find(v, s, strlen(s)) < 0) add_name(v, s, strlen(s));
    }
    t->out->nspecial = v->n;
    char letter[4];
    for (uint32_t code = 0; code < 0x144; code++) {
        const int byte = ift_hf_byte(code);
        if (byte < 0) continue;
        const size_t n = ift_utf8_encode(code, letter);
        if (ift_vocab_find(v, letter, n) >= 0)
            return ift_fail_usage(err,
                                  "special token \"%.*s\" is how a byte is spelled: give it a "
                                  "longer name",
                                  (int)n, letter);
        id_of[byte] = (uint32_t)v->n;
        add_name(v, letter, n);
    }
    if (t->job->size < v->n)
        return ift_fail_usage(err, "a size of %zu is too small: %zu special tokens and 256 bytes",
                              t->job->size, t->out->nspecial);
    return 0;
}

static void begin_words(struct trainer *t, size_t nwords, const uint32_t id_of[256]) {
    uint32_t at = 0;
    for (size_t w = 0; w < nwords; w++) {
        const struct ift_slice word = t->word[w].word;
        for (size_t i = 0; i < word.n; i++, at++) {
            t->symbol[at] = (struct symbol){id_of[(unsigned char)word.p[i]], i ? at - 1 : NONE,
                                            i + 1 < word.n ? at + 1 : NONE, (uint32_t)w};
            if (i > 0)
                came_up(t, t->symbol[at - 1].id, t->symbol[at].id, at - 1,
                        (int64_t)t->word[w].count);
        }
    }
    queue_fresh(t);
}

static void release(struct trainer *t) {
    for (size_t i = 0; i < t->npairs; i++) free(t->pair[i].at);
    free(t->heap);
    free(t->pair);
    free(t->fresh);
    free(t->symbol);
    free(t->word);
    ift_u64map_release(&t->pairs);
}

int ift_bpe_train(const struct ift_bpe_train *job, const struct ift_wordcount *words,
                  struct ift_bpe_learned *learned, struct ift_err *err) {
    struct trainer t = {.job = job, .out = learned, .word = ift_wordcount_sorted(words)};
    uint32_t id_of[256];
    size_t length = 0;
    for (size_t i = 0; i < words->n; i++) length += t.word[i].word.n;
    int rc = begin_names(&t, id_of, err);
    if (rc == 0 && length >= NONE)
        rc =
            IFT_FAIL(err, "%zu bytes of different words, at most 4 GiB: give it less text", length);
    if (rc == 0) {
        t.symbol = ift_alloc0(length, sizeof *t.symbol);
        begin_words(&t, words->n, id_of);
        merge_pairs(&t);
    }
    release(&t);
    return rc;
}

void ift_bpe_learned_release(struct ift_bpe_learned *l) {
    ift_vocab_release(&l->name);
    free(l->merge);
    *l = (struct ift_bpe_learned){0};
}
