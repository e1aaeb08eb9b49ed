/* A run of jinja.h: its memory, its globals, its failures and what it may spend. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja_internal.h"

struct ift_jrun *ift_jrun_new(void) {
    struct ift_jrun *const run = ift_alloc0(1, sizeof *run);
    return run;
}

void ift_jrun_free(struct ift_jrun *run) {
    if (!run) return;
    ift_arena_release(&run->arena);
    free(run);
}

void ift_jrun_begin(struct ift_jrun *run) {
    struct ift_arena arena = run->arena;
    if (run->memory > 16 << 20) /* one large record is no reason to keep its memory */
        ift_arena_release(&arena);
    else
        ift_arena_reset(&arena);
    *run = (struct ift_jrun){.arena = arena};
}

void ift_jrun_set(struct ift_jrun *run, const char *name, struct ift_jval value) {
    ift_jframe_set(run, &run->globals, ift_arena_strndup(&run->arena, name, strlen(name)), value);
}

void *ift_jrun_alloc(struct ift_jrun *run, size_t size) {
    run->memory += size + 16;
    return ift_arena_alloc(&run->arena, size);
}

void *ift_jrun_grow(struct ift_jrun *run, void *p, size_t n, size_t *cap, size_t size) {
    if (n < *cap) return p;
    *cap = *cap ? 2 * *cap : 8;
    void *const more = ift_jrun_alloc(run, *cap * size);
    if (n) memcpy(more, p, n * size);
    return more;
}

int ift_jrun_fail(struct ift_jrun *run, const char *fmt, ...) {
    va_list args;
    struct ift_str text = {0};
    va_start(args, fmt);
    ift_str_addv(&text, fmt, args);
    va_end(args);
    IFT_FAIL(run->err, "line %d: %s", run->line, text.p);
    ift_str_release(&text);
    return -1;
}

int ift_jrun_room(struct ift_jrun *run, size_t size) {
    if (run->memory > IFT_JINJA_MEMORY || size > IFT_JINJA_MEMORY - run->memory)
        return ift_jrun_fail(run, "the template takes more than %d MB", IFT_JINJA_MEMORY >> 20);
    return 0;
}

int ift_jrun_spend(struct ift_jrun *run, size_t steps) {
    if (steps > IFT_JINJA_STEPS - run->steps)
        return ift_jrun_fail(run, "the template does not end in %d million steps",
                             IFT_JINJA_STEPS >> 20);
    run->steps += steps;
    return ift_jrun_room(run, 0);
}

int ift_jrun_deeper(struct ift_jrun *run) {
    IFT_TRY(ift_jrun_spend(run, 1));
    return ++run->depth > 4 * IFT_JINJA_DEPTH ? ift_jrun_fail(run, "too deep") : 0;
}
