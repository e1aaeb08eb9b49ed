/* mem.h: host memory. Running out of it ends the program with a message, the one exception to "the library
 * never exits": it keeps every body straight, and no caller could do better. Device memory is not meant
 * here; see kernels/backend.h.
 */
#ifndef IFT_MEM_H
#define IFT_MEM_H

#include <stddef.h>

void *ift_alloc(size_t size);                             /* contents undefined; size 0 is fine */
void *ift_alloc0(size_t count, size_t size);              /* zeroed; an overflowing product is out of memory */
void *ift_realloc(void *p, size_t count, size_t size);    /* count * size, checked */
char *ift_strdup(const char *s);                          /* NULL gives NULL */
char *ift_strndup(const char *s, size_t n);               /* n bytes and a terminator */

/* Makes room for `need` elements in a growing array: doubles *cap, so appending is linear overall. */
void *ift_grow(void *p, size_t need, size_t *cap, size_t size);

/* An arena: many small allocations that end together. Reset once a record, free once a run. Memory is
 * aligned to 16 bytes and stays put until reset. A zeroed struct is an empty arena. */
struct ift_arena {
    struct ift_arena_block *head;
    size_t used; /* bytes taken from head */
};

void *ift_arena_alloc(struct ift_arena *a, size_t size);
char *ift_arena_strndup(struct ift_arena *a, const char *s, size_t n);
void ift_arena_reset(struct ift_arena *a);   /* forgets everything, keeps the largest block for reuse */
void ift_arena_release(struct ift_arena *a); /* gives the memory back; the arena is empty and usable */

#endif
