/* cpu.h: how the CPU backend is put together.
 *
 * Each op is one file, kernels/cpu/<op>.c, that ends in a const struct ift_cpu_op: check, scratch,
 * run. Op files, ops.c among them, are compiled once for each level of the instruction set
 * (x86-64-v2, v3 = AVX2 + FMA, v4 = AVX-512; "base" elsewhere) with IFT_CPU_ISA naming the level.
 * Whatever such a file exports is called IFT_ISA(name), and stays apart from its siblings that way;
 * cpu.c picks one table of ops when a device is opened. Loops are written for vectors of whatever
 * width the level has (vec.h), once.
 *
 * Adding an op: its row in backend.h, its file here with `const struct ift_cpu_op IFT_ISA(<op>)`, a
 * case in tests/ops. ops.c finds it by the row.
 *
 * Three rules keep results the same for any number of threads: work is cut by shape alone, never by
 * the number of threads; each output element is computed by one index of ift_team_each; partial
 * sums are added in index order.
 */
#ifndef IFT_CPU_H
#define IFT_CPU_H

#include "kernels/backend.h"
#include "kernels/cpu/operand.h"
#include "kernels/cpu/team.h"

struct ift_cpu_op {
    /* Says whether the call can be run safely: everything that run relies on. */
    int (*check)(const struct ift_call *c, char *why);
    /* Bytes, from shapes and attributes alone; may be NULL: none. */
    size_t (*scratch)(const struct ift_call *c, int threads);
    /* Runs a checked call; c->scratch has the bytes asked for. Cannot fail. */
    void (*run)(struct ift_team *team, const struct ift_call *c);
};

/* One level of the instruction set. */
struct ift_cpu_isa {
    const char *name;                   /* for people: "avx2" */
    const struct ift_cpu_op *const *op; /* IFT_OP_COUNT of them */
};

#define IFT_JOIN_(a, b) ift_cpu_##a##_##b
#define IFT_JOIN(a, b)  IFT_JOIN_(a, b)
#define IFT_ISA(name)   IFT_JOIN(name, IFT_CPU_ISA)

#ifdef IFT_CPU_ISA
#define X(NAME, name) extern const struct ift_cpu_op IFT_ISA(name);
IFT_OPS(X)
#undef X
extern const struct ift_cpu_isa IFT_ISA(isa);
#endif

/* Bytes rounded up so that what follows starts on a cache line. */
static inline size_t ift_line(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

#endif
