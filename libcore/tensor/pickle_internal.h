/* pickle_internal.h: the machine that pickle.c runs, for the objects of pickle_object.c. Its stack
 * holds values and marks; what it makes lies in the arena. Private to pickle.
 */
#ifndef IFT_PICKLE_INTERNAL_H
#define IFT_PICKLE_INTERNAL_H

#include "libcore/tensor/pickle.h"

struct ift_pickle_machine {
    const unsigned char *p;
    size_t n, at;
    struct ift_pickle_value *stack, *memo;
    size_t depth, stack_cap, memos, memo_cap;
    struct ift_arena *arena;
};

/* Returns -1 with a message that says where in the program. */
int ift_pickle_broken(const struct ift_pickle_machine *m, const char *what, struct ift_err *err);
int ift_pickle_push(struct ift_pickle_machine *m, struct ift_pickle_value v); /* returns 0 */
/* Any value, but no mark. */
int ift_pickle_pop(struct ift_pickle_machine *m, struct ift_pickle_value *v,
                   struct ift_err *err) IFT_MUST_CHECK;
/* An empty tuple, list or dictionary. */
struct ift_pickle_value ift_pickle_make(struct ift_pickle_machine *m, enum ift_pickle_kind kind);
/* A line of the program without its end. */
int ift_pickle_line(struct ift_pickle_machine *m, struct ift_slice *line,
                    struct ift_err *err) IFT_MUST_CHECK;

/* Instructions: a global name, a storage by its identity, a call of a global. */
int ift_pickle_push_global(struct ift_pickle_machine *m, struct ift_err *err) IFT_MUST_CHECK;
int ift_pickle_push_storage(struct ift_pickle_machine *m, struct ift_err *err) IFT_MUST_CHECK;
int ift_pickle_call(struct ift_pickle_machine *m, struct ift_err *err) IFT_MUST_CHECK;

#endif
