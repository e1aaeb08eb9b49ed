#include "libcore/text/chartrie.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

enum { FEWEST_PLACES = 64, AHEAD = 8, LEAF = 1, MOST_SLOTS = 1 << 26 };
#define NONE UINT32_MAX

/* ---- while it grows: every edge, in the order of the nodes they lead to, and by hash ---- */

struct edge {
    uint32_t parent, character; /* node 0 is the root; edge i leads to node i + 1 */
    int32_t id;                 /* of the piece that ends there, or -1 */
};

struct place {
    uint32_t parent, character, node; /* node 0: an empty place */
};

struct growth {
    struct edge *edge;
    size_t n, cap;
    struct place *place;
    size_t mask;
};

static size_t hash_of(uint32_t parent, uint32_t character) {
    const uint64_t key = ((uint64_t)parent << 32 | character) * 0x9e3779b97f4a7c15u;
    return (size_t)(key ^ key >> 32);
}

static struct place *find(const struct growth *g, uint32_t parent, uint32_t character,
                          size_t hash) {
    for (size_t i = hash;; i++) {
        struct place *const p = &g->place[i & g->mask];
        if (p->node == 0 || (p->parent == parent && p->character == character)) return p;
    }
}

static void resize(struct growth *g, size_t places) {
    free(g->place);
    g->place = memset(ift_alloc_table(places, sizeof *g->place), 0, places * sizeof *g->place);
    g->mask = places - 1;
    for (size_t i = 0; i < g->n; i++) {
        const uint32_t parent = g->edge[i].parent, character = g->edge[i].character;
        *find(g, parent, character, hash_of(parent, character)) =
            (struct place){parent, character, (uint32_t)i + 1};
    }
}

/* The node that an edge leads to, made when it is new. */
static uint32_t step_or_make(struct growth *g, uint32_t parent, uint32_t character, size_t hash) {
    if (3 * (g->n + 1) > 2 * (g->mask + 1)) resize(g, 2 * (g->mask + 1));
    struct place *const p = find(g, parent, character, hash);
    if (p->node > 0) return p->node;
    g->edge = ift_grow(g->edge, g->n + 1, &g->cap, sizeof *g->edge);
    g->edge[g->n++] = (struct edge){parent, character, -1};
    *p = (struct place){parent, character, (uint32_t)g->n};
    return p->node;
}

/* The next character of a string, whose edge is on its way from memory. */
struct step {
    size_t hash, len;
    uint32_t character;
};

static struct step look_ahead(const struct growth *g, const struct ift_chartrie_string *string) {
    struct step s;
    s.character = ift_char_load(string->text.p, string->text.n, &s.len);
    s.hash = hash_of(string->node, s.character);
    __builtin_prefetch(&g->place[s.hash & g->mask], 1);
    return s;
}

static void grow(struct growth *g, struct ift_chartrie_string *list, size_t n) {
    struct step ahead[AHEAD];
    for (size_t left = n; n > 0; n = left) {
        left = 0;
        for (size_t i = 0; i < n && i < AHEAD; i++) ahead[i] = look_ahead(g, &list[i]);
        for (size_t i = 0; i < n; i++) {
            struct ift_chartrie_string string = list[i];
            const struct step step = ahead[i % AHEAD];
            string.node = step_or_make(g, string.node, step.character, step.hash);
            if (i + AHEAD < n) ahead[i % AHEAD] = look_ahead(g, &list[i + AHEAD]);
            if (step.len == string.text.n) g->edge[string.node - 1].id = string.id;
            string.text = (struct ift_slice){string.text.p + step.len, string.text.n - step.len};
            if (string.text.n > 0) list[left++] = string;
        }
    }
}

/* ---- as it is asked ---- */

/* A node without edges has the empty slot that all such nodes share; one with a single edge no
 * empty one, others at least one. */
static struct ift_chartrie_slot node_slot(size_t edges, size_t *slots) {
    struct ift_chartrie_slot s = {.character = NONE, .first = LEAF};
    if (edges == 0) return s;
    while (edges > 1 && 2 * ((size_t)1 << s.log2) < 3 * edges) s.log2 = (s.log2 + 1) & 31;
    s.first = *slots & (MOST_SLOTS - 1);
    *slots += (size_t)1 << s.log2;
    return s;
}

static struct ift_chartrie_slot *empty_slot(struct ift_chartrie_slot *slot,
                                            const struct ift_chartrie_slot *parent,
                                            uint32_t character) {
    uint32_t i = ift_chartrie_hash(character);
    const uint32_t mask = ((uint32_t)1 << parent->log2) - 1;
    while (slot[parent->first + (i & mask)].character != NONE) i++;
    return &slot[parent->first + (i & mask)];
}

/* node: the slot of each, but for its character and piece. */
static void place_edges(struct ift_chartrie *t, const struct growth *g,
                        const struct ift_chartrie_slot *node, const double *score) {
    t->slot[0] = node[0];
    for (size_t i = 0; i < g->n; i++) {
        const struct edge edge = g->edge[i];
        const struct ift_chartrie_slot *const ahead =
            &node[g->edge[i + AHEAD < g->n ? i + AHEAD : i].parent];
        __builtin_prefetch(&t->slot[ahead->first], 1);
        struct ift_chartrie_slot *const s = empty_slot(t->slot, &node[edge.parent], edge.character);
        *s = node[i + 1];
        s->character = edge.character;
        if (edge.id < 0) continue;
        s->is_piece = 1;
        s->score = score[edge.id];
        t->id[s - t->slot] = edge.id;
    }
}

static int settle(struct ift_chartrie *t, const struct growth *g, const double *score,
                  struct ift_err *err) {
    uint32_t *const edges = ift_alloc0(g->n + 1, sizeof *edges);
    struct ift_chartrie_slot *const node = ift_alloc_table(g->n + 1, sizeof *node);
    size_t slots = LEAF + 1;
    for (size_t i = 0; i < g->n; i++) edges[g->edge[i].parent]++;
    for (size_t i = 0; i <= g->n; i++) node[i] = node_slot(edges[i], &slots);
    const bool fits = slots <= MOST_SLOTS;
    if (fits) {
        t->slot = ift_alloc_table(slots, sizeof *t->slot);
        memset(t->slot, 0xff, slots * sizeof *t->slot);
        t->id = ift_alloc_table(slots, sizeof *t->id);
        place_edges(t, g, node, score);
    }
    free(edges);
    free(node);
    return fits ? 0 : IFT_FAIL(err, "the pieces have more than %d beginnings", MOST_SLOTS / 3);
}

int ift_chartrie_build(struct ift_chartrie *t, struct ift_chartrie_string *list, size_t n,
                       const double *score, struct ift_err *err) {
    struct growth g = {0};
    size_t places = FEWEST_PLACES;
    while (places < 4 * n) places *= 2;
    resize(&g, places);
    grow(&g, list, n);
    const int rc = settle(t, &g, score, err);
    free(g.edge);
    free(g.place);
    return rc;
}

void ift_chartrie_release(struct ift_chartrie *t) {
    free(t->slot);
    free(t->id);
    *t = (struct ift_chartrie){0};
}
