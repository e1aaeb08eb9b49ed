#include "libcore/base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void ift_out_of_memory(size_t size) {
    fprintf(stderr, "out of memory: %zu bytes asked\n", size);
    exit(1);
}

static void *checked(void *p, size_t size) {
    if (!p) ift_out_of_memory(size);
    return p;
}

void ift_mem_give_back(void) {
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

static size_t product(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) ift_out_of_memory(SIZE_MAX);
    return total;
}

void *ift_alloc(size_t size) {
    return checked(malloc(size ? size : 1), size);
}

void *ift_alloc0(size_t count, size_t size) {
    const size_t total = product(count, size);
    return checked(calloc(1, total ? total : 1), total);
}

void *ift_realloc(void *p, size_t count, size_t size) {
    const size_t total = product(count, size);
    return checked(realloc(p, total ? total : 1), total);
}

void *ift_alloc_table(size_t count, size_t size) {
    const size_t total = product(count, size), huge = (size_t)2 << 20;
    if (total < huge || total > SIZE_MAX - huge) return ift_alloc(total);
    const size_t whole = (total + huge - 1) / huge * huge;
    void *const p = checked(aligned_alloc(huge, whole), whole);
    (void)madvise(p, whole, MADV_HUGEPAGE);
    return p;
}

size_t ift_mem_resident(void) {
    long long pages = 0, resident = 0;
    FILE *const f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%lld %lld", &pages, &resident) != 2) resident = 0;
    fclose(f);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

char *ift_strdup(const char *s) {
    return s ? ift_strndup(s, strlen(s)) : NULL;
}

char *ift_strndup(const char *s, size_t n) {
    char *p = ift_alloc(n + 1);
    if (n) memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

void *ift_grow(void *p, size_t need, size_t *cap, size_t size) {
    if (need <= *cap) return p;
    size_t next = *cap ? *cap : 16;
    while (next < need) next = product(next, 2);
    *cap = next;
    return ift_realloc(p, next, size);
}

struct ift_arena_block {
    struct ift_arena_block *next;
    size_t size;
    _Alignas(16) unsigned char data[];
};

enum { FIRST_BLOCK = 4096 };

void *ift_arena_alloc(struct ift_arena *a, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (!a->head || a->head->size - a->used < size) {
        size_t next = a->head ? product(a->head->size, 2) : FIRST_BLOCK;
        while (next < size) next = product(next, 2);
        struct ift_arena_block *b = ift_alloc(sizeof *b + next);
        b->next = a->head;
        b->size = next;
        a->head = b;
        a->used = 0;
    }
    void *p = a->head->data + a->used;
    a->used += size;
    a->taken += size;
    return p;
}

char *ift_arena_strndup(struct ift_arena *a, const char *s, size_t n) {
    char *p = ift_arena_alloc(a, n + 1);
    if (n) memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

static void drop(struct ift_arena_block *b) {
    while (b) {
        struct ift_arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void ift_arena_reset(struct ift_arena *a) {
    /* Blocks double, so the head is the largest. */
    if (a->head) {
        drop(a->head->next);
        a->head->next = NULL;
    }
    a->used = a->taken = 0;
}

void ift_arena_release(struct ift_arena *a) {
    drop(a->head);
    *a = (struct ift_arena){0};
}
