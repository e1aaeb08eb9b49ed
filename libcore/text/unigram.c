#include "libcore/text/unigram.h"

#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

enum { MOST_SURE = 62 }; /* more makes no difference */
enum { SHORTEST_RUN = 3, MOST_OF_RUN = 32 };
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

/* The nodes, and the first step from each: what is beyond is on its way from memory when it is
 * asked for. */
static void load(const struct ift_unigram *u, const char *p, size_t n, struct ift_unigram_work *w) {
    w->node = ift_grow(w->node, n + 1, &w->cap, sizeof *w->node);
    size_t k = 0;
    for (size_t at = 0, len; at < n; at += len, k++) {
        struct ift_unigram_node *const node = &w->node[k];
        node->character = ift_char_load(p + at, n - at, &len);
        node->at = (uint32_t)at;
        node->from = NIL;
        node->first = ift_chartrie_step(&u->piece, u->piece.slot, node->character);
        if (k > 0 && node[-1].first) ift_chartrie_fetch(&u->piece, node[-1].first, node->character);
    }
    w->node[k].from = NIL;
    w->node[k].at = (uint32_t)n;
    w->n = k;
}

/* A row that ends with the piece of an edge from node `from` on; edge 0: with an unknown character.
 * exact: its sum is rounded as the original does it, where that of an unknown character is rounded
 * before it is compared. */
static inline void offer(const struct ift_unigram *u, struct ift_unigram_work *w, size_t from,
                         size_t to, uint32_t edge, bool exact) {
    const struct ift_unigram_node *const start = &w->node[from];
    struct ift_unigram_node *const end = &w->node[to];
    const double score = edge > 0 ? u->piece.slot[edge].score : u->unknown;
    const double sum =
        exact && edge == 0 ? ift_unigram_add(u, start->score, score) : score + start->score;
    const double second = exact ? 0 : score + start->second;
    if (end->from == NIL || sum > end->score) {
        end->second = end->from == NIL ? second : fmax(end->score, second);
        end->score = exact && u->narrow ? (double)(float)sum : sum;
        end->from = (uint32_t)from;
        end->edge = edge;
    } else if (sum > end->second) {
        end->second = sum;
    }
}

/* The pieces that are one character over and over. */
struct run {
    uint32_t edge[MOST_OF_RUN], length[MOST_OF_RUN];
    size_t n, asked; /* characters that tell that there are no longer ones */
};

static bool find_run(const struct ift_unigram *u, const struct ift_unigram_node *node,
                     struct run *run) {
    run->n = 0;
    run->asked = 1;
    for (const struct ift_chartrie_slot *s = node->first; s; run->asked++) {
        if (s->is_piece && run->n == MOST_OF_RUN) return false;
        if (s->is_piece) {
            run->edge[run->n] = (uint32_t)(s - u->piece.slot);
            run->length[run->n++] = (uint32_t)run->asked;
        }
        s = ift_chartrie_step(&u->piece, s, node->character);
    }
    return true;
}

/* Rows on from the nodes within a run of one character, from `from` on, behind which the same
 * pieces lie as behind the node before. Returns the first node behind which others may. */
static inline size_t fill_run(const struct ift_unigram *u, struct ift_unigram_work *w, size_t from,
                              bool exact) {
    const struct ift_unigram_node *const node = w->node;
    const uint32_t character = node[from].character;
    struct run run;
    if (w->n - from < SHORTEST_RUN || node[from + 1].character != character ||
        node[from + 2].character != character || !find_run(u, &node[from], &run))
        return from;
    size_t end = from + 1;
    while (end < w->n && node[end].character == character) end++;
    for (; end - from >= run.asked; from++) {
        if (run.n == 0 || run.length[0] > 1) offer(u, w, from, from + 1, 0, exact);
        for (size_t i = 0; i < run.n; i++)
            offer(u, w, from, from + run.length[i], run.edge[i], exact);
    }
    return from;
}

/* Every row, from the first node, whose scores are set. */
static inline void fill(const struct ift_unigram *u, struct ift_unigram_work *w, bool exact) {
    for (size_t from = 0; from < w->n; from++) {
        from = fill_run(u, w, from, exact);
        if (from == w->n) break;
        const struct ift_chartrie_slot *s = w->node[from].first;
        if (!s || !s->is_piece) offer(u, w, from, from + 1, 0, exact);
        for (size_t to = from + 1; s; to++) {
            if (s->is_piece) offer(u, w, from, to, (uint32_t)(s - u->piece.slot), exact);
            if (to == w->n) break;
            s = ift_chartrie_step(&u->piece, s, w->node[to].character);
        }
    }
}

static void fill_exact(const struct ift_unigram *u, struct ift_unigram_work *w) {
    for (size_t i = 0; i <= w->n; i++) w->node[i].from = NIL;
    w->node[0].score = w->score;
    fill(u, w, true);
    w->score = w->node[w->n].score;
}

void ift_unigram_run(const struct ift_unigram *u, const char *p, size_t n,
                     struct ift_unigram_work *w) {
    load(u, p, n, w);
    fill_exact(u, w);
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
        const uint32_t edge = w->node[to].edge;
        w->score = ift_unigram_add(u, w->score, edge > 0 ? u->piece.slot[edge].score : u->unknown);
    }
}

unsigned ift_unigram_run_sure(const struct ift_unigram *u, const char *p, size_t n,
                              struct ift_unigram_work *w) {
    load(u, p, n, w);
    w->node[0].score = 0;
    w->node[0].second = -INFINITY;
    fill(u, w, false);
    const unsigned sure = how_sure(u, w);
    if (ift_unigram_is_sure(fabs(w->score), sure)) {
        add_row(u, w);
        return sure;
    }
    fill_exact(u, w);
    return 0; /* rounding decides here, and may decide otherwise than where it is sure */
}
