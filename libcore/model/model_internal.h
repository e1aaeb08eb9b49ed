/* model_internal.h: the inside of a model, for the files of this room alone. */
#ifndef IFT_MODEL_INTERNAL_H
#define IFT_MODEL_INTERNAL_H

#include "libcore/base/str.h"
#include "libcore/io/outdir.h"
#include "libcore/model/model.h"

/* A weight on the device, as each graph takes it. buf NULL: not loaded. */
struct ift_model_slot {
    struct ift_operand wide; /* f32 */
    struct ift_operand half; /* f16 or bf16, as the file has it */
    bool trained;            /* wide has memory of its own, which may be written */
};

struct ift_model {
    char *dir;
    char *vocab; /* what took the place of the folder's vocabulary; NULL: nothing */
    bool grown;
    struct ift_str config_text;
    const struct ift_arch *arch;
    struct ift_config config;
    struct ift_weights *weights;
    bool held;                   /* ift_model_hold */
    struct ift_device *device;   /* of the first bind */
    struct ift_model_slot *slot; /* as ift_weights_at */
    struct ift_operand *table;   /* of rope or ALiBi, on the device: the first rows of one serve
                                    graphs that ask for less */
    size_t tables, table_cap;
};

/* "<dir>/<file>", to be freed. */
char *ift_model_path(const char *dir, const char *file);

/* The graph of the bare forward and head, which names every parameter of the family: params,
 * "rope.table" and "alibi.slopes". NULL: it does not fit together. */
struct ift_graph *ift_model_outline(const struct ift_arch *arch, const struct ift_config *c,
                                    struct ift_err *err);
/* Is this value a weight of the files? */
bool ift_model_is_weight(const struct ift_value *v);
/* Tied models are sometimes published with a second copy of their embedding as output matrix: is t
 * that? */
bool ift_model_is_copy(const struct ift_model *m, const struct ift_tensor *t);

/* Reads config_text, and what generation_config.json says beside it. */
int ift_model_configure(struct ift_model *m, struct ift_err *err) IFT_MUST_CHECK;
/* Tables of `rows` rows, the old ones in front if `keep`; all others zero. */
int ift_model_resize(struct ift_model *m, int64_t rows, bool keep,
                     struct ift_err *err) IFT_MUST_CHECK;
/* The i-th of the tensors with a row for each id: embedding, output projection, its bias; NULL: the
 * model does not have it, or i is past them. */
enum { IFT_MODEL_TABLES = 3 };
const struct ift_tensor *ift_model_table(const struct ift_model *m, size_t i);

/* Copies the files of `from` that are no weights and not config.json into the folder being written;
 * with `vocab`, a file or folder, its vocabulary in place of the one there. */
int ift_model_copy_files(const char *from, const char *vocab, struct ift_outdir *f,
                         struct ift_err *err) IFT_MUST_CHECK;
/* Weights with their index, then the text of config.json. */
int ift_model_write_files(struct ift_outdir *f, const struct ift_tensor *t, size_t n,
                          const struct ift_model_save *how, const struct ift_str *config_text,
                          struct ift_err *err) IFT_MUST_CHECK;

#endif
