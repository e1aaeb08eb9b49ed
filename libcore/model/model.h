/* model.h: a published model folder, ready to be described, bound and run.
 *
 *     ift_model_open(&m, dir, err);          // config.json; weights mapped and checked
 *     struct ift_build b = {.attach = attach, .train_base = false};
 *     ift_build_begin(&b, m, g);             // declares the inputs
 *     ift_val h = ift_build_forward(&b);     // (N, hidden)
 *     … ift_build_loss or ift_build_logits of h …
 *     ift_exec_new(&x, g, device, capacity, err);
 *     ift_model_bind(m, device, x, g, err);  // every base parameter of g gets its memory
 */
#ifndef IFT_MODEL_H
#define IFT_MODEL_H

#include "libcore/graph/exec.h"
#include "libcore/io/outdir.h"
#include "libcore/model/arch.h"
#include "libcore/tensor/weights.h"

struct ift_model;

/* Checks that every parameter the architecture needs is there with its shape, and that no tensor is
 * left unused (buffers known to be harmless, and the copy that tied models may have of their
 * embedding, excepted); the error names the tensor. End-of-sequence ids of a generation_config.json
 * count, as they do in transformers. */
int ift_model_open(struct ift_model **m, const char *dir, struct ift_err *err) IFT_MUST_CHECK;
/* Also the device memory it bound: after the execs, before the device is closed. NULL is fine. */
void ift_model_free(struct ift_model *m);

const char *ift_model_dir(const struct ift_model *m); /* as it was given */
const struct ift_arch *ift_model_arch(const struct ift_model *m);
const struct ift_config *ift_model_config(const struct ift_model *m);
const struct ift_weights *ift_model_weights(const struct ift_model *m);
/* Appends what the family calls tensor t of the files, which may lack a prefix there. */
void ift_model_name(const struct ift_model *m, const struct ift_tensor *t, struct ift_str *out);
/* The tensor that the family calls `name`, whether or not the file has it with the family's prefix;
 * NULL: none. */
const struct ift_tensor *ift_model_find(const struct ift_model *m, const char *name);
/* Is t no weight of the model: a buffer, or the copy that tied models may have of their embedding?
 */
bool ift_model_is_spare(const struct ift_model *m, const struct ift_tensor *t);
/* Of the weight files' headers and the config, for provenance. */
uint64_t ift_model_digest(const struct ift_model *m);

/* ---- a model that becomes another before it is bound: in memory, the folder stays ---- */

extern const char *const ift_model_new_rows[]; /* "mean", "pieces", NULL */

/* A vocabulary that has more ids than the model's, whose own mean what they meant. */
struct ift_model_growth {
    const char *vocab; /* a file or a folder */
    /* What rows of new ids begin as. "mean": the mean of the rows of the old ids. "pieces": the
     * mean of the rows of what the old vocabulary makes of the new piece's text, as extensions of
     * LLaMA to other languages begin; of control tokens, which have no text, as "mean". */
    const char *new_rows;
    long long multiple; /* tables have a multiple of so many rows; 0: as many as they need */
};
/* Gives embedding, output projection and its bias the rows that the vocabulary asks for, rounded
 * once to the type they are stored in; those that nothing asks for and that were not there are the
 * mean. The configuration says so, and the vocabulary's files take the place of the old ones when
 * the model is saved. An old id that means something else is an error that names the first. */
int ift_model_grow(struct ift_model *m, const struct ift_model_growth *how,
                   struct ift_err *err) IFT_MUST_CHECK;
/* Was it grown? Then what its tables begin as is in no folder. */
bool ift_model_is_grown(const struct ift_model *m);
/* Tables of `rows` >= those there are, of zeros and without a page of memory: for who replaces all
 * of them. */
int ift_model_widen(struct ift_model *m, int64_t rows, struct ift_err *err) IFT_MUST_CHECK;
/* A tied model gets an output projection of its own, with the values of the embedding. */
int ift_model_untie(struct ift_model *m, struct ift_err *err) IFT_MUST_CHECK;
/* The vocabulary lies in this folder from now on, if one does. */
void ift_model_adopt_vocab(struct ift_model *m, const char *dir);
/* A file or folder, as ift_tokenizer_open takes it: of a model as it was opened, its own. */
const char *ift_model_vocab(const struct ift_model *m);
/* Writes the files of the vocabulary that took the place of the old one, and what the model's
 * folder says about tokens, into a folder of something else; of a model that has its own, nothing.
 */
int ift_model_save_vocab(const struct ift_model *m, struct ift_outdir *f,
                         struct ift_err *err) IFT_MUST_CHECK;

/* ift_build_begin_config with what the folder says. */
void ift_build_begin(struct ift_build *b, const struct ift_model *m, struct ift_graph *g);

/* Loads what g's base parameters need onto the device, once however many graphs ask: frozen weights
 * as the file has them, f32, f16 or bf16, where g takes them so (ift_graph_takes_half), all others
 * as f32; without a copy where the bytes of the file can be used and the backend can. Then binds.
 * One device for the life of a model; where some graph trains the base, bind that graph first. */
int ift_model_bind(struct ift_model *m, struct ift_device *d, struct ift_exec *x,
                   const struct ift_graph *g, struct ift_err *err) IFT_MUST_CHECK;

/* Weights that are bound from now on are copied to memory of the device even where the bytes of the
 * file could be used. What is large lies there in large pages where the system has them, and is
 * walked at the same speed every time; how fast a file's pages are depends on who brought them into
 * the system's cache, and in what size. Costs the time and the memory of one copy. */
void ift_model_hold(struct ift_model *m);

/* What ift_model_bind would hold for g alone: memory of the device, and bytes that ops would read
 * where they lie in the files. Nothing is loaded. */
struct ift_model_bytes {
    size_t own, mapped;
};
struct ift_model_bytes ift_model_measure(const struct ift_model *m, const struct ift_device *d,
                                         const struct ift_graph *g);

/* The present f32 values of a weight of the files (i as in ift_weights_at; floating types
 * only): from the device when it was bound for training, else from the file. */
int ift_model_read(const struct ift_model *m, size_t i, float *to,
                   struct ift_err *err) IFT_MUST_CHECK;

/* Uploads the weight that the family calls `name`, as f32, to memory of the caller's. */
int ift_model_upload(const struct ift_model *m, const char *name, struct ift_device *d,
                     const struct ift_operand *to, struct ift_err *err) IFT_MUST_CHECK;

/* How to write a model folder. A zeroed struct asks for a new folder with the data of the tensors
 * themselves. */
struct ift_model_save {
    const struct ift_tensor_lender *lender; /* for tensors whose data is NULL */
    bool into;                   /* add to a folder that is not empty; else that is an error */
    const enum ift_dtype *dtype; /* say this in config.json; NULL: its bytes are kept */
    size_t shard_bytes;          /* split files that would pass this; 0: 5 GB */
    const char *provenance;      /* text of provenance.json; NULL: that of the model, if any */
};

/* Writes a folder that transformers loads: every file of the model's folder but weights byte for
 * byte (not its subfolders and hidden files), and model.safetensors with `t`, or shards with their
 * index. A new folder appears only when it is whole; config.json is the last file to appear in one
 * that exists. */
int ift_model_save(const struct ift_model *m, const char *dir, const struct ift_tensor *t, size_t n,
                   const struct ift_model_save *how, struct ift_err *err) IFT_MUST_CHECK;

/* The same with the weights of the model itself, in the dtype that how->dtype says (NULL: each in
 * its own), rounded once; how->lender is not asked. `change`, which may be NULL, may alter the f32
 * values of a weight, which the family calls `name`, before that: 1 if it did, 0 if not, or -1.
 * Unchanged tensors that keep their dtype keep their bytes. */
struct ift_model_change {
    void *self;
    int (*change)(void *self, const char *name, const struct ift_tensor *t, float *values,
                  struct ift_err *err);
};
int ift_model_save_changed(const struct ift_model *m, const char *dir,
                           const struct ift_model_change *change, const struct ift_model_save *how,
                           struct ift_err *err) IFT_MUST_CHECK;

/* Makes a folder with random weights of the family that the config.json asks for, as transformers
 * initialises them: matrices normal(0, initializer_range), divided by sqrt(2 layers) where a family
 * does so with what it writes into the residual stream; the padding row and biases 0, norms 1.
 * `from` is a config.json, or a folder whose other files (tokenizer) come along. Bit-equal for a
 * seed; a tensor's numbers depend on its name and shape alone, and are rounded once. */
struct ift_model_create {
    uint64_t seed;
    const enum ift_dtype *dtype; /* NULL: what the config says */
    const char *provenance;      /* as in ift_model_save */
};
int ift_model_create(const char *from, const char *dir, const struct ift_model_create *how,
                     struct ift_err *err) IFT_MUST_CHECK;

#endif
