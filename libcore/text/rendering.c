/* A rendered prompt (prompt.h) as tokens, and which of them are learned. */
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/text/chat.h"
#include "libcore/text/jinja.h"
#include "libcore/text/prompt.h"

void ift_rendering_release(struct ift_rendering *r) {
    ift_str_release(&r->text);
    free(r->mark);
    free(r->learn);
    ift_jrun_free(r->run);
    ift_jrun_free(r->probe);
    *r = (struct ift_rendering){0};
}

/* 1: [from, to) lies in a span, -1: partly, 0: not. *span: the first that does not end before
 * `from`; tokens come in order. */
static int inside(const struct ift_rendering *r, size_t *span, size_t from, size_t to) {
    while (*span < r->nlearn && r->learn[*span].to <= from) ++*span;
    if (*span == r->nlearn) return 0;
    const struct ift_span s = r->learn[*span];
    if (from == to) return s.from < from;
    if (to <= s.from) return 0;
    return s.from <= from && to <= s.to ? 1 : -1;
}

/* Returns how many tokens straddle the edge of a span. */
static size_t set_learned(const struct ift_rendering *r, enum ift_straddle straddle,
                          const struct ift_tokens *tokens, uint8_t **learn, size_t *learn_cap) {
    size_t span = 0, straddling = 0;
    *learn = ift_grow(*learn, tokens->n, learn_cap, 1);
    for (size_t i = 0; i < tokens->n; i++) {
        const int in = inside(r, &span, tokens->from[i], tokens->from[i + 1]);
        straddling += in < 0;
        (*learn)[i] = in > 0 || (in < 0 && straddle == IFT_STRADDLE_TRAIN);
    }
    return straddling;
}

/* The marks, and among them one of no token where a token stands across the edge of a span. */
static size_t mark_cuts(const struct ift_rendering *r, const struct ift_tokens *tokens,
                        struct ift_mark *mark) {
    size_t n = 0, m = 0, t = 0;
    for (size_t i = 0; i < 2 * r->nlearn; i++) {
        const size_t edge = i % 2 ? r->learn[i / 2].to : r->learn[i / 2].from;
        while (t < tokens->n && tokens->from[t + 1] <= edge) t++;
        if (t == tokens->n || tokens->from[t] >= edge) continue;
        while (m < r->nmarks && r->mark[m].to <= edge) mark[n++] = r->mark[m++];
        mark[n++] = (struct ift_mark){edge, edge, -1};
    }
    while (m < r->nmarks) mark[n++] = r->mark[m++];
    return n;
}

/* Tokenizes, and takes the tokens of cuts out. */
static int encode(const struct ift_rendering *r, struct ift_encoder *e, struct ift_encode_opts o,
                  struct ift_tokens *tokens, struct ift_err *err) {
    IFT_TRY(ift_encoder_encode(e, r->text.p ? r->text.p : "", r->text.n, &o, tokens, err));
    size_t n = 0;
    for (size_t i = 0; i < tokens->n; i++) {
        if (tokens->id[i] < 0) continue;
        tokens->id[n] = tokens->id[i];
        tokens->from[n++] = tokens->from[i];
    }
    tokens->from[n] = tokens->from[tokens->n];
    tokens->n = n;
    return 0;
}

static int split(const struct ift_rendering *r, struct ift_encoder *e, struct ift_encode_opts o,
                 struct ift_tokens *tokens, struct ift_err *err) {
    struct ift_mark *const mark = ift_alloc((r->nmarks + 2 * r->nlearn) * sizeof *mark);
    o.nmarks = mark_cuts(r, tokens, mark);
    o.mark = mark;
    const int rc = encode(r, e, o, tokens, err);
    free(mark);
    return rc;
}

int ift_rendering_tokens(const struct ift_rendering *r, struct ift_encoder *e,
                         enum ift_straddle straddle, struct ift_tokens *tokens, uint8_t **learn,
                         size_t *learn_cap, size_t *straddling, struct ift_err *err) {
    const struct ift_encode_opts o = {.parse_control = r->parse_control,
                                      .mark = r->mark,
                                      .nmarks = r->nmarks};
    IFT_TRY(encode(r, e, o, tokens, err));
    *straddling = set_learned(r, straddle, tokens, learn, learn_cap);
    if (*straddling == 0 || straddle != IFT_STRADDLE_SPLIT) return 0;
    IFT_TRY(split(r, e, o, tokens, err));
    set_learned(r, straddle, tokens, learn, learn_cap);
    return 0;
}
