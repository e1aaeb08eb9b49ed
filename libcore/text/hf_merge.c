/* Merges of two names to pairs of symbols. A vocabulary has as many of them as tokens, and each
 * asks a large table twice, so they are taken together a block at a time: names to texts, then
 * texts to tokens. */
#include <string.h>

#include "libcore/text/hf.h"
#include "libcore/text/tokenizer_internal.h"

static void add_part(struct ift_hf *h, struct ift_slice name, struct ift_hf_part *part) {
    struct ift_hf_merges *const m = &h->merges;
    part->name = name;
    part->from = m->text.n;
    part->spells = ift_hf_add_text(h, name, &m->text);
    part->n = m->text.n - part->from;
}

static void find_parts(struct ift_hf *h, size_t n) {
    struct ift_hf_part *const part = h->merges.part;
    struct ift_vocab_query query[2 * IFT_HF_BLOCK];
    for (size_t i = 0; i < n; i++)
        query[i].text = (struct ift_slice){h->merges.text.p + part[i].from, part[i].n};
    ift_vocab_find_all(&h->t->vocab, query, n);
    for (size_t i = 0; i < n; i++) {
        const bool found = part[i].spells && query[i].id >= 0;
        part[i].id = found ? query[i].id : ift_hf_find_odd(h, part[i].name);
    }
}

/* Merges are mostly in the order of what they make. */
static int32_t find_joined(struct ift_hf *h, const struct ift_hf_part *left,
                           const struct ift_hf_part *right) {
    const struct ift_vocab *const v = &h->t->vocab;
    const uint32_t guess = (uint32_t)h->merges.made + 1;
    if (left->spells && right->spells && guess < v->n && v->found[guess]) {
        const struct ift_slice s = ift_vocab_piece(v, guess);
        const char *const text = h->merges.text.p + left->from; /* and behind it right's */
        if (s.n == left->n + right->n && ift_bytes_eq(s.p, text, s.n)) return (int32_t)guess;
    }
    struct ift_str name = {0};
    ift_str_add(&name, left->name.p, left->name.n);
    ift_str_add(&name, right->name.p, right->name.n);
    const int32_t made = ift_hf_find(h, ift_str_slice(&name));
    ift_str_release(&name);
    return made;
}

static uint32_t symbol(struct ift_hf *h, int32_t id) {
    if (h->byte_level) return (uint32_t)id;
    const struct ift_slice s = ift_vocab_piece(&h->t->vocab, (uint32_t)id);
    return ift_spm_symbol(h->t, s.p, s.n, h->t->vocab.found[id] ? id : -1);
}

#define SHOWN(name) (int)((name).n < 100 ? (name).n : 100), (name).p

/* part: the two of the merge. */
static int add_pair(struct ift_hf *h, const struct ift_hf_part *part, uint32_t rank,
                    struct ift_err *err) {
    const uint8_t *const kind = h->t->vocab.kind;
    const struct ift_slice left = part[0].name, right = part[1].name;
    const int32_t a = part[0].id, b = part[1].id;
    if (a < 0 || b < 0)
        return IFT_FAIL(err, "merge %u joins \"%.*s\", which is no token", rank,
                        SHOWN(a < 0 ? left : right));
    const int32_t made = h->merges.made = find_joined(h, &part[0], &part[1]);
    if (made < 0)
        return IFT_FAIL(err, "merge %u makes \"%.*s%.*s\", which is no token", rank, SHOWN(left),
                        SHOWN(right));
    if (kind[a] == IFT_PIECE_BYTE || kind[b] == IFT_PIECE_BYTE)
        return IFT_FAIL(err, "merge %u joins a byte of byte fallback", rank);
    /* Text never becomes a control token, though LLaMA's file lists merges that end in "<s>". */
    if (kind[a] == IFT_PIECE_CONTROL || kind[b] == IFT_PIECE_CONTROL ||
        kind[made] == IFT_PIECE_CONTROL)
        return 0;
    const uint32_t x = symbol(h, a), y = symbol(h, b);
    if (x != IFT_BPE_UNKNOWN && y != IFT_BPE_UNKNOWN)
        ift_bpe_add(&h->t->bpe, x, y, rank, (uint32_t)made);
    return 0;
}

int ift_hf_merges_end(struct ift_hf *h, struct ift_err *err) {
    struct ift_hf_merges *const m = &h->merges;
    const size_t waiting = m->waiting;
    const uint32_t first = m->n - (uint32_t)waiting;
    m->waiting = 0;
    find_parts(h, 2 * waiting);
    for (size_t i = 0; i < waiting; i++)
        IFT_TRY(add_pair(h, &m->part[2 * i], first + (uint32_t)i, err));
    ift_str_clear(&m->text);
    return 0;
}

int ift_hf_merge(struct ift_hf *h, struct ift_slice left, struct ift_slice right,
                 struct ift_err *err) {
    struct ift_hf_merges *const m = &h->merges;
    if (left.n == 0 || right.n == 0) return IFT_FAIL(err, "merge %u is not two tokens", m->n);
    if (m->n++ == 0) ift_bpe_reserve(&h->t->bpe, h->t->vocab.n);
    struct ift_hf_part *const part = &m->part[2 * m->waiting++];
    add_part(h, left, &part[0]);
    add_part(h, right, &part[1]);
    return m->waiting < IFT_HF_BLOCK ? 0 : ift_hf_merges_end(h, err);
}

int ift_hf_merge_line(struct ift_hf *h, struct ift_slice line, struct ift_err *err) {
    const char *const space = line.n ? memchr(line.p, ' ', line.n) : NULL;
    const size_t at = space ? (size_t)(space - line.p) : line.n;
    struct ift_slice right = {line.p + at + 1, space ? line.n - at - 1 : 0};
    if (right.n > 0 && memchr(right.p, ' ', right.n)) right.n = 0;
    return ift_hf_merge(h, (struct ift_slice){line.p, at}, right, err);
}
