#include "kernels/backend.h"

#include <stdio.h>
#include <string.h>

extern const struct ift_backend ift_cpu_backend;

const struct ift_backend *ift_backend_find(const char *name, char *why) {
    if (strcmp(name, "cpu") == 0 || strcmp(name, "auto") == 0) return &ift_cpu_backend;
    if (strcmp(name, "cuda") == 0)
        snprintf(why, IFT_WHY, "this build has no cuda backend, use --backend cpu");
    else
        snprintf(why, IFT_WHY, "no backend is called \"%.64s\", there are auto, cpu and cuda",
                 name);
    return NULL;
}

const char *ift_op_name(enum ift_op op) {
    static const char *const name[IFT_OP_COUNT] = {
#define X(NAME, lower) [IFT_OP_##NAME] = #NAME,
        IFT_OPS(X)
#undef X
    };
    return (unsigned)op < IFT_OP_COUNT ? name[op] : "?";
}
