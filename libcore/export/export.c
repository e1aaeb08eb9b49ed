#include "libcore/export/export.h"

#include <string.h>

extern const struct ift_export ift_export_folder, ift_export_pth, ift_export_gguf;

static const struct ift_export *const all[] = {&ift_export_folder, &ift_export_pth,
                                               &ift_export_gguf, NULL};

static const char *const names[IFT_ENCODINGS] =
    {[IFT_AS_F32] = "f32", [IFT_AS_F16] = "f16", [IFT_AS_BF16] = "bf16", [IFT_AS_Q8_0] = "q8_0"};

const struct ift_export *const *ift_export_all(void) {
    return all;
}

const struct ift_export *ift_export_find(const char *name) {
    for (const struct ift_export *const *e = all; *e; e++)
        if (strcmp((*e)->name, name) == 0) return *e;
    return NULL;
}

static int choose(const struct ift_export *format, const char *as, const enum ift_encoding **chosen,
                  struct ift_err *err) {
    struct ift_str known = {0};
    *chosen = !as && format->first ? format->encodings : NULL;
    if (!as || strcmp(as, "keep") == 0) return 0;
    for (const enum ift_encoding *e = format->encodings; *e != IFT_ENCODINGS; e++) {
        if (strcmp(names[*e], as) == 0) *chosen = e;
        ift_str_addf(&known, ", %s", names[*e]);
    }
    if (!*chosen) ift_fail_usage(err, "%s has no %s, only keep%s", format->name, as, known.p);
    ift_str_release(&known);
    return *chosen ? 0 : -1;
}

int ift_export_model(const struct ift_export *format, const struct ift_model *m, const char *to,
                     const char *as, size_t shard_bytes, const char *provenance,
                     struct ift_err *err) {
    struct ift_export_how how = {.shard_bytes = shard_bytes, .provenance = provenance};
    IFT_TRY(choose(format, as, &how.as, err));
    if (shard_bytes && !format->shards)
        return ift_fail_usage(err, "%s is one file: it has no shards", format->name);
    return format->write(m, to, &how, err);
}
