#include "kernels/cpu/cpu.h"

#if defined(IFT_CPU_WIDE)
#define LEVEL "wide"
#elif defined(__AVX512F__)
#define LEVEL "avx512"
#elif defined(__AVX2__)
#define LEVEL "avx2"
#elif defined(__SSE2__)
#define LEVEL "sse4.2"
#elif defined(__ARM_NEON)
#define LEVEL "neon"
#else
#define LEVEL "plain"
#endif

static const struct ift_cpu_op *const ops[IFT_OP_COUNT] = {
#define X(NAME, name) [IFT_OP_##NAME] = &IFT_ISA(name),
    IFT_OPS(X)
#undef X
};

const struct ift_cpu_isa IFT_ISA(isa) = {LEVEL, ops};
