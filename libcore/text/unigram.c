#include "libcore/text/unigram.h"

#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

#define NIL UINT32_MAX

void ift_unigram_release(struct ift_unigram *u) {
    ift_trie_release(&u->piece);
    free(u->score);
    *u = (struct ift_unigram){0};
}

void ift_unigram_work_release(struct ift_unigram_work *w) {
    free(w->node);
    *w = (struct ift_unigram_work){0};
}

static void offer(const struct ift_unigram *u, struct ift_unigram_node *end, double score,
                  uint32_t from, uint32_t id) {
    if (end->from != NIL && !(score > end->score)) return;
    *end = (struct ift_unigram_node){u->narrow ? (double)(float)score : score, from, id};
}

/* The score of an unknown character after `before`; sentencepiece adds this one in float. */
static double add_unknown(const struct ift_unigram *u, double before) {
    return u->narrow ? (double)((float)u->unknown + (float)before) : u->unknown + before;
}

void ift_unigram_run(const struct ift_unigram *u, const char *p, size_t n, uint32_t unk,
                     struct ift_unigram_work *w) {
    w->node = ift_grow(w->node, n + 1, &w->cap, sizeof *w->node);
    for (size_t i = 0; i <= n; i++) w->node[i].from = NIL;
    w->node[0].score = w->score;
    for (size_t at = 0, len; at < n; at += len) {
        const double before = w->node[at].score;
        bool single = false;
        uint32_t place = 0;
        ift_char_load(p + at, n - at, &len);
        for (size_t i = at; i < n && ift_trie_step(&u->piece, &place, p[i]); i++) {
            const int32_t id = ift_trie_value(&u->piece, place);
            if (id < 0) continue;
            offer(u, &w->node[i + 1], u->score[id] + before, (uint32_t)at, (uint32_t)id);
            single = single || i + 1 - at == len;
        }
        if (!single) offer(u, &w->node[at + len], add_unknown(u, before), (uint32_t)at, unk);
    }
    w->score = w->node[n].score;
}
