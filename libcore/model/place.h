/* place.h: where the tokens of a document stand, for families that do more than count.
 *
 * GLM reads a context in both directions and then writes an answer for a mask inside it: the
 * tokens of the context count 0, 1, 2... as everywhere, those of the answer all stand at the
 * position of the mask and count a second time, within their block: 1, 2, 3...
 *
 * A struct ift_place says this of one document, and is all there is to know: it does not change
 * while tokens are appended, so a prompt and its continuation are placed alike. The zeroed one,
 * with `turn` at IFT_NO_TURN, is the ordinary document.
 */
#ifndef IFT_PLACE_H
#define IFT_PLACE_H

#include <stdint.h>

#define IFT_NO_TURN INT64_MAX

struct ift_place {
    int64_t prefix; /* keys j < prefix are visible to every token; behind them a token sees what is
                       in front of it, and itself */
    int64_t turn;   /* the first token that stands at `held` */
    int64_t held;
};

/* Position of token t. */
static inline int32_t ift_place_position(const struct ift_place *p, int64_t t) {
    return (int32_t)(t < p->turn ? t : p->held);
}

/* Its second position: 0 in front of the turn. */
static inline int32_t ift_place_block(const struct ift_place *p, int64_t t) {
    return (int32_t)(t < p->turn ? 0 : t - p->turn + 1);
}

#endif
