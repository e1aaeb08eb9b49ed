#include "libcore/text/unigram.h"

#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

enum { MOST_SURE = 62 }; /* more makes no difference */
#define NIL UINT32_MAX

void ift_unigram_release(struct ift_unigram *u) {
    ift_chartrie_release(&u->piece);
    free(u->score);
    *u = (struct ift_unigram){0};
}

void ift_unigram_work_release(struct ift_unigram_work *w) {
    free(w->node);
    *w = (struct ift_unigram_work){0};
}

void ift_unigram_settle(struct ift_unigram *u, size_t n) {
    u->most = fabs(u->unknown);
    for (size_t i = 0; i < n; i++) u->most = fmax(u->most, fabs(u->score[i]));
}

static void load(struct ift_unigram_work *w, const char *p, size_t n) {
    w->node = ift_grow(w->node, n + 1, &w->cap, sizeof *w->node);
    size_t k = 0;
    for (size_t at = 0, len; at < n; at += len, k++) {
        struct ift_unigram_node *const node = &w->node[k];
        node->character = ift_char_load(p + at, n - at, &len);
        node->at = (uint32_t)at;
        node->from = NIL;
    }
    w->node[k].from = NIL;
    w->node[k].at = (uint32_t)n;
    w->n = k;
}

/* A piece, and whether it is there for want of one. */
struct piece {
    double score;
    uint32_t id;
    bool unknown;
};

/* A row that ends with `piece` from node `from` on; exact: its sum is rounded as the original does
 * it, where that of an unknown character is rounded before it is compared. */
static inline void offer(const struct ift_unigram *u, struct ift_unigram_work *w, size_t from,
                         size_t to, struct piece piece, bool exact) {
    const struct ift_unigram_node *const start = &w->node[from];
    struct ift_unigram_node *const end = &w->node[to];
    const double sum = exact && piece.unknown ? ift_unigram_add(u, start->score, piece.score)
                                              : piece.score + start->score;
    const double second = exact ? 0 : piece.score + start->second;
    if (end->from == NIL || sum > end->score) {
        end->second = end->from == NIL ? second : fmax(end->score, second);
        end->score = exact && u->narrow ? (double)(float)sum : sum;
        end->from = (uint32_t)from;
        end->id = piece.id;
        end->unknown = piece.unknown;
    } else if (sum > end->second) {
        end->second = sum;
    }
}

/* Every row, from the first node, whose scores are set. */
static inline void fill(const struct ift_unigram *u, struct ift_unigram_work *w, uint32_t unk,
                        bool exact) {
    for (size_t from = 0; from < w->n; from++) {
        uint32_t parent = 0;
        bool single = false;
        for (size_t i = from; i < w->n; i++) {
            const struct ift_chartrie_slot *const s =
                ift_chartrie_step(&u->piece, parent, w->node[i].character);
            if (!s) break;
            parent = s->node;
            if (s->value < 0) continue;
            const uint32_t id = (uint32_t)s->value;
            offer(u, w, from, i + 1, (struct piece){u->score[id], id, false}, exact);
            single = single || i == from;
        }
        if (!single) offer(u, w, from, from + 1, (struct piece){u->unknown, unk, true}, exact);
    }
}

static void fill_exact(const struct ift_unigram *u, struct ift_unigram_work *w, uint32_t unk) {
    for (size_t i = 0; i <= w->n; i++) w->node[i].from = NIL;
    w->node[0].score = w->score;
    fill(u, w, unk, true);
    w->score = w->node[w->n].score;
}

void ift_unigram_run(const struct ift_unigram *u, const char *p, size_t n, uint32_t unk,
                     struct ift_unigram_work *w) {
    load(w, p, n);
    fill_exact(u, w, unk);
}

static unsigned how_sure(const struct ift_unigram *u, const struct ift_unigram_work *w) {
    const struct ift_unigram_node *const end = &w->node[w->n];
    const double m = (double)w->n, rounding = u->narrow ? 0x1p-22 : 0x1p-51;
    const double limit = (end->score - end->second) / (2 * m * rounding) - m * u->most;
    if (!(limit >= 2)) return 0;
    return limit >= 0x1p62 ? MOST_SURE : (unsigned)ilogb(limit);
}

/* The pieces' scores are added in order, so the way back is turned around first. */
static void add_row(const struct ift_unigram *u, struct ift_unigram_work *w) {
    uint32_t to = NIL;
    for (uint32_t at = (uint32_t)w->n; at > 0;) {
        const uint32_t from = w->node[at].from;
        w->node[at].character = to;
        to = at;
        at = from;
    }
    for (; to != NIL; to = w->node[to].character) {
        const struct ift_unigram_node *const end = &w->node[to];
        w->score = ift_unigram_add(u, w->score, end->unknown ? u->unknown : u->score[end->id]);
    }
}

unsigned ift_unigram_run_sure(const struct ift_unigram *u, const char *p, size_t n, uint32_t unk,
                              struct ift_unigram_work *w) {
    load(w, p, n);
    w->node[0].score = 0;
    w->node[0].second = -INFINITY;
    fill(u, w, unk, false);
    const unsigned sure = how_sure(u, w);
    if (ift_unigram_is_sure(w, sure)) {
        add_row(u, w);
        return sure;
    }
    fill_exact(u, w, unk);
    return 0; /* rounding decides here, and may decide otherwise than where it is sure */
}
