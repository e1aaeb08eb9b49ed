#include "libcore/text/vocab_compare.h"

#include <inttypes.h>

#include "libcore/text/measure.h"
#include "libcore/text/tokenizer_internal.h"

struct compared {
    uint32_t size[2];
    uint32_t shared;  /* pieces of the first that the second has, whatever their ids */
    uint32_t only[2]; /* pieces of each that the other lacks */
    uint32_t same_id; /* ids that mean the same in both … */
    uint32_t prefix;  /* … and those of them before the first that does not */
};

/* The role as a byte, then the bytes. */
static struct ift_slice key_of(const struct ift_vocab *v, uint32_t id, struct ift_str *key) {
    static const char role[] = {
        [IFT_PIECE_NORMAL] = 't',  [IFT_PIECE_USER] = 't',    [IFT_PIECE_BYTE] = 'b',
        [IFT_PIECE_CONTROL] = 'c', [IFT_PIECE_UNKNOWN] = 'c',
    };
    const struct ift_slice piece = ift_vocab_piece(v, id);
    ift_str_clear(key);
    ift_str_addc(key, role[v->kind[id]]);
    ift_str_add(key, piece.p, piece.n);
    return ift_str_slice(key);
}

static void index_keys(struct ift_vocab *keys, const struct ift_vocab *v) {
    struct ift_str key = {0};
    ift_vocab_reserve(keys, v->n);
    for (uint32_t id = 0; id < v->n; id++) {
        if (v->kind[id] == IFT_PIECE_GAP) continue;
        const struct ift_slice k = key_of(v, id, &key);
        ift_vocab_add(keys, k.p, k.n, IFT_PIECE_NORMAL);
        ift_vocab_index(keys, (uint32_t)keys->n - 1);
    }
    ift_str_release(&key);
}

/* Pieces of v that `keys` has, and those that it lacks. */
static void count_found(const struct ift_vocab *v, const struct ift_vocab *keys, uint32_t *has,
                        uint32_t *lacks) {
    struct ift_str key = {0};
    *has = *lacks = 0;
    for (uint32_t id = 0; id < v->n; id++) {
        if (v->kind[id] == IFT_PIECE_GAP) continue;
        const struct ift_slice k = key_of(v, id, &key);
        ++*(ift_vocab_find(keys, k.p, k.n) >= 0 ? has : lacks);
    }
    ift_str_release(&key);
}

static bool same_piece(const struct ift_vocab *a, const struct ift_vocab *b, uint32_t id,
                       struct ift_str key[2]) {
    if (a->kind[id] == IFT_PIECE_GAP || b->kind[id] == IFT_PIECE_GAP)
        return a->kind[id] == b->kind[id];
    return ift_slice_eq(key_of(a, id, &key[0]), key_of(b, id, &key[1]));
}

static void compare(const struct ift_vocab *const v[2], struct compared *c) {
    struct ift_vocab keys[2] = {0};
    struct ift_str key[2] = {0};
    uint32_t shared_too;
    *c = (struct compared){.size = {(uint32_t)v[0]->n, (uint32_t)v[1]->n}};
    for (int i = 0; i < 2; i++) index_keys(&keys[i], v[i]);
    count_found(v[0], &keys[1], &c->shared, &c->only[0]);
    count_found(v[1], &keys[0], &shared_too, &c->only[1]);
    for (uint32_t id = 0; id < c->size[0] && id < c->size[1]; id++) {
        if (!same_piece(v[0], v[1], id, key)) continue;
        c->prefix += c->prefix == id;
        c->same_id++;
    }
    for (int i = 0; i < 2; i++) {
        ift_vocab_release(&keys[i]);
        ift_str_release(&key[i]);
    }
}

/* ---- printing ---- */

static const char *relation(const struct compared *c) {
    if (c->prefix == c->size[0] && c->prefix == c->size[1])
        return "the same ids for the same pieces";
    if (c->prefix == c->size[0]) return "the second extends the first";
    if (c->prefix == c->size[1]) return "the first extends the second";
    return "neither extends the other";
}

static void print(const struct compared *c, struct ift_str *out) {
    ift_str_addf(out, "relation: %s\n", relation(c));
    ift_str_addf(out, "sizes: %" PRIu32 ", %" PRIu32 "\n", c->size[0], c->size[1]);
    ift_str_addf(out, "shared pieces: %" PRIu32 "\n", c->shared);
    ift_str_addf(out, "only in one: %" PRIu32 ", %" PRIu32 "\n", c->only[0], c->only[1]);
    ift_str_addf(out, "ids that mean the same: %" PRIu32 ", of these %" PRIu32 " from 0 on\n",
                 c->same_id, c->prefix);
}

static int print_measured(const struct ift_vocab_comparison *job,
                          const struct ift_tokenizer *const t[2], const struct ift_run *run,
                          struct ift_str *out, struct ift_err *err) {
    struct ift_measured m;
    IFT_TRY(ift_measure(t, job->paths, job->npaths, job->field, run, &m, err));
    ift_str_addf(out, "characters: %" PRIu64 "\n", m.characters);
    ift_str_addf(out, "tokens: %" PRIu64 ", %" PRIu64 "\n", m.tokens[0], m.tokens[1]);
    ift_str_addf(out, "characters per token: %.3f, %.3f\n", ift_measured_ratio(&m, 0),
                 ift_measured_ratio(&m, 1));
    return 0;
}

int ift_vocab_compare_print(const struct ift_vocab_comparison *job, const struct ift_run *run,
                            struct ift_str *out, struct ift_err *err) {
    struct ift_tokenizer *t[2] = {NULL, NULL};
    struct compared c;
    int rc = 0;
    for (int i = 0; rc == 0 && i < 2; i++) rc = ift_tokenizer_open(&t[i], job->vocab[i], err);
    if (rc == 0) {
        compare((const struct ift_vocab *const[]){&t[0]->vocab, &t[1]->vocab}, &c);
        print(&c, out);
        if (job->npaths > 0)
            rc = print_measured(job, (const struct ift_tokenizer *const[]){t[0], t[1]}, run, out,
                                err);
    }
    for (int i = 0; i < 2; i++) ift_tokenizer_free(t[i]);
    return rc;
}
