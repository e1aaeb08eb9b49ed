/* piece.h: the weights of a model by what they are, not by what a family calls them, as another
 * format wants them: queries, keys and values apart, channels that rotate together side by side.
 * Made from the names in ift_arch.parts, so that no format knows a family. Private to export.
 *
 *     IFT_TRY(ift_piece_list(m, how, &piece, &n, err));
 *     IFT_TRY(ift_piece_read(&r, &piece[i], IFT_AS_F16, &data, err)); // lent until the next
 */
#ifndef IFT_PIECE_H
#define IFT_PIECE_H

#include "libcore/export/export.h"

/* What a format calls them is a table by these; the names of those from IFT_PART_ATTN_NORM on are
 * said once a layer. */
enum ift_part {
    IFT_PART_EMBED,      /* (vocab, hidden) */
    IFT_PART_EMBED_NORM, /* (hidden) */
    IFT_PART_PLACES,     /* (max_positions, hidden) */
    IFT_PART_FINAL_NORM,
    IFT_PART_HEAD, /* (vocab, hidden), its rows already divided by their length where the family
                    * does so; none where tied */
    IFT_PART_ATTN_NORM,
    IFT_PART_QKV, /* all queries, all keys, all values */
    IFT_PART_Q,
    IFT_PART_K,
    IFT_PART_V,
    IFT_PART_Q_NORM, /* (head_dim) */
    IFT_PART_K_NORM,
    IFT_PART_O,
    IFT_PART_MLP_NORM,
    IFT_PART_GATE,
    IFT_PART_UP,
    IFT_PART_DOWN,
    IFT_PARTS
};

struct ift_piece {
    enum ift_part part;
    int layer; /* -1: of none */
    bool bias;
    int ndim;
    int64_t dim[2]; /* (rows, columns), or (rows) */

    const struct ift_tensor *from;
    int64_t first, strip, stride; /* its rows: strips of so many, so far apart */
    /* What was gathered is (…, a, b) of blocks of so many elements; a and b change places. a 0:
     * nothing does. */
    int64_t a, b, block;
    bool unit_rows; /* each row is divided by its length */
};

struct ift_piece_how {
    bool pairs;  /* the channels that rotate together are neighbours: those of q and k change places
                  * where the family has them half a head apart */
    bool fused;  /* q, k and v stay one matrix where they are one */
    bool untied; /* a tied output projection is a piece of its own */
};

/* In the order of enum ift_part, layer by layer, to be freed. Every weight of the model is in it:
 * one that is not, because the family does not say its part, is an error. */
int ift_piece_list(const struct ift_model *m, const struct ift_piece_how *how,
                   struct ift_piece **piece, size_t *n, struct ift_err *err) IFT_MUST_CHECK;

/* Numbers as `as` encodes them; its columns are a multiple of 32 for blocks. */
size_t ift_piece_bytes(const struct ift_piece *p, enum ift_encoding as);

/* Memory for one piece at a time. A zeroed struct is ready. */
struct ift_piece_reader {
    void *gathered, *turned, *stored;
    float *wide;
};
int ift_piece_read(struct ift_piece_reader *r, const struct ift_piece *p, enum ift_encoding as,
                   const void **data, struct ift_err *err) IFT_MUST_CHECK;
void ift_piece_reader_release(struct ift_piece_reader *r);

#endif
