/* mem.h: host memory. Running out of it ends the program with a message, the one exception to
 * "the library never exits": it keeps every body straight, and no caller could do better. Device
 * memory is not meant here; see kernels/backend.h.
 */
#ifndef IFT_MEM_H
#define IFT_MEM_H

#include <stddef.h>

/* The message and the end; for memory that a library allocated and did not get. */
_Noreturn void ift_out_of_memory(size_t size);

void *ift_alloc(size_t size);                          /* contents undefined; size 0 is fine */
void *ift_alloc0(size_t count, size_t size);           /* zeroed; count * size is checked */
void *ift_realloc(void *p, size_t count, size_t size); /* count * size is checked */
/* For large tables read at random: on huge pages where the system gives some, for a step to another
 * page costs more than a step to other memory. Contents undefined; free() it. */
void *ift_alloc_table(size_t count, size_t size);
char *ift_strdup(const char *s);                       /* NULL gives NULL */
char *ift_strndup(const char *s, size_t n);            /* n bytes and a terminator */

/* Makes room for `need` elements in a growing array, doubling *cap: appending is linear overall. */
void *ift_grow(void *p, size_t need, size_t *cap, size_t size);

/* Bytes of this process that are in memory now, mapped files included; 0 where the system does not
 * say. */
size_t ift_mem_resident(void);

/* Lets what is large, 4 MiB and more, go back to the system as soon as it is freed. By itself the C
 * library keeps it once it has seen it freed, and one large record would weigh on all that follow.
 * For main to call once. */
void ift_mem_give_back(void);

/* An arena: many small allocations that end together. Reset once a record, free once a run.
 * Memory is aligned to 16 bytes and stays put until reset. A zeroed struct is an empty arena. */
struct ift_arena {
    struct ift_arena_block *head;
    size_t used;  /* bytes taken from head, */
    size_t taken; /* and from all blocks since the last reset */
};

void *ift_arena_alloc(struct ift_arena *a, size_t size);
char *ift_arena_strndup(struct ift_arena *a, const char *s, size_t n);
void ift_arena_reset(struct ift_arena *a);   /* empty; the largest block is kept for reuse */
void ift_arena_release(struct ift_arena *a); /* empty, the memory given back; still usable */

#endif
