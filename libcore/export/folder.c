/* folder.c: a Hugging Face model folder, as ift_model_save writes it. */
#include "libcore/export/export.h"

static int write(const struct ift_model *m, const char *to, const struct ift_export_how *how,
                 struct ift_err *err) {
    static const enum ift_dtype dtypes[IFT_ENCODINGS] =
        {[IFT_AS_F32] = IFT_F32, [IFT_AS_F16] = IFT_F16, [IFT_AS_BF16] = IFT_BF16};
    const struct ift_model_save save = {.dtype = how->as ? &dtypes[*how->as] : NULL,
                                        .shard_bytes = how->shard_bytes,
                                        .provenance = how->provenance};
    return ift_model_save_changed(m, to, NULL, &save, err);
}

static const enum ift_encoding encodings[] = {IFT_AS_F32, IFT_AS_F16, IFT_AS_BF16, IFT_ENCODINGS};

extern const struct ift_export ift_export_folder;
const struct ift_export ift_export_folder = {
    .name = "hf",
    .about = "a Hugging Face model folder",
    .encodings = encodings,
    .shards = true,
    .write = write,
};
