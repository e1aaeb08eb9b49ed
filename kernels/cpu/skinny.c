#include "kernels/cpu/skinny.h"

enum {
    SHORT = 32, /* below this k, there is nothing to stream */
    UNIT = 96,  /* shares of the wide side are multiples of this, to be cut into bands evenly */
    SHARES = 4, /* of each thread, so that all end together */
};

struct work {
    struct skinny s;
    skinny_way *way;
    int64_t share, depth;
    float *rooms;
};

static void arrange(struct skinny *s, bool swapped) {
    const struct ift_product *p = s->p;
    const struct ift_side a = {p->a, IFT_F32, p->a_row, p->a_step},
                          b = {p->b, p->b_type, p->b_col, p->b_step};
    s->swapped = swapped;
    s->wide = swapped ? b : a;
    s->few = swapped ? a : b;
    s->n_wide = swapped ? p->n : p->m;
    s->n_few = swapped ? p->m : p->n;
}

static void shares(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct work *w = ctx;
    float *const room = w->rooms + (int64_t)thread * IFT_ROOM * IFT_DEPTH;
    struct skinny s = w->s;
    begin *= w->share;
    end = ift_min(end * w->share, s.n_wide);
    for (s.k0 = 0; s.k0 < s.p->k; s.k0 += w->depth) {
        s.k = ift_min(w->depth, s.p->k - s.k0);
        w->way(&s, begin, end, room);
    }
}

bool ift_skinny_run(struct ift_team *team, const struct ift_product *p, float *block,
                    int64_t floats, float *rooms) {
    struct work w = {.s.p = p, .rooms = rooms};
    struct skinny *const s = &w.s;
    arrange(s, p->n > p->m);
    const bool dots = s->wide.step == 1;
    const int threads = ift_team_threads(team);
    if (p->k < SHORT || s->n_few > (dots ? SKINNY_DOTS : SKINNY_TILES) || s->n_wide < 2 * s->n_few)
        return false;
    if (!dots && s->n_few <= SKINNY_SUMS && IFT_ISA(skinny_sums)(team, s, block, floats, rooms))
        return true;
    /* The few are read as f32 in place. A dot product has the same bits from either side. */
    if (dots && s->few.step == 1 && s->few.type != IFT_F32) arrange(s, true);
    /* How much of k is gone through at once: all, unless the few have to fit a room. */
    const int64_t most = !dots              ? IFT_DEPTH
                         : s->few.step == 1 ? p->k
                                            : (int64_t)IFT_ROOM * IFT_DEPTH / s->n_few;
    w.way = dots ? IFT_ISA(skinny_dots) : IFT_ISA(skinny_tiles);
    w.depth = ift_ceil(p->k, ift_ceil(p->k, most));
    /* How the result is shared out has no influence on its bits. */
    w.share = s->n_wide;
    if (threads > 1) w.share = ift_ceil(ift_ceil(w.share, (int64_t)SHARES * threads), UNIT) * UNIT;
    ift_team_each(team, ift_ceil(s->n_wide, w.share), 1, shares, &w);
    return true;
}
