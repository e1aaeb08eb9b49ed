/* export.h: a model in the formats of other programs. One file a format, libcore/export/<format>.c,
 * which exports one `const struct ift_export`, and one row in export.c. The room stands on model
 * and peft, and nothing but programs stands on it.
 *
 * To add a format: its file and its row. One that needs the weights under other names begins with
 * piece.h, which knows what each weight of a family is; a family says that once, in ift_arch.parts.
 */
#ifndef IFT_EXPORT_H
#define IFT_EXPORT_H

#include "libcore/model/model.h"

/* How numbers are stored. */
enum ift_encoding { IFT_AS_F32, IFT_AS_F16, IFT_AS_BF16, IFT_AS_Q8_0, IFT_ENCODINGS };

struct ift_export_how {
    const enum ift_encoding *as; /* NULL: as the model has them */
    size_t shard_bytes;          /* as in ift_model_save; 0: what is usual */
    const char *provenance;      /* text, a JSON array */
};

struct ift_export {
    const char *name;  /* "gguf" */
    const char *about; /* one line */
    /* The encodings it has, closed by IFT_ENCODINGS; when none is asked for, the first if `first`,
     * else those of the model. */
    const enum ift_encoding *encodings;
    bool first;
    bool shards; /* shard_bytes means something */
    /* Writes `to`, a folder or a file, which appears only when it is whole. A model that the format
     * cannot say exactly is an error that names what is in the way. */
    int (*write)(const struct ift_model *m, const char *to, const struct ift_export_how *how,
                 struct ift_err *err);
};

const struct ift_export *const *ift_export_all(void); /* NULL-terminated */
/* NULL: no such format. */
const struct ift_export *ift_export_find(const char *name);

/* Writes m to `to`; `as` is the name of an encoding, NULL: what is usual for the format, "keep": as
 * the model has them. What the format has not is a usage error. */
int ift_export_model(const struct ift_export *format, const struct ift_model *m, const char *to,
                     const char *as, size_t shard_bytes, const char *provenance,
                     struct ift_err *err) IFT_MUST_CHECK;

#endif
