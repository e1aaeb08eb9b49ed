/* pickle.h: the values of a Python pickle that holds tensors and plain data, and nothing else.
 *
 * A pickle is a program that builds objects, and may ask for any function of any module to be
 * called. This interpreter calls nothing: it knows the instructions that protocol 2 uses for plain
 * data, and of the global names only those of the table in pickle_object.c: ordered dictionaries,
 * storages and the functions that say how a tensor lies in one. Everything else is refused by its
 * name.
 *
 * Hostile pickles cost memory in proportion to their bytes and no stack: values are not copied
 * deeply, not even those that a pickle mentions often, and nothing here is recursive. Whoever walks
 * the values should keep to a fixed depth for the same reason: they may contain themselves.
 */
#ifndef IFT_PICKLE_H
#define IFT_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/tensor/tensor.h"

enum ift_pickle_kind {
    IFT_PICKLE_NONE,
    IFT_PICKLE_BOOL,
    IFT_PICKLE_INT,
    IFT_PICKLE_OTHER, /* plain data of no interest: floating numbers, integers beyond 64 bits */
    IFT_PICKLE_TEXT,
    IFT_PICKLE_TUPLE,
    IFT_PICKLE_LIST,
    IFT_PICKLE_DICT,
    IFT_PICKLE_STORAGE,
    IFT_PICKLE_TENSOR,
    IFT_PICKLE_GLOBAL, /* one of the known names, not called */
    IFT_PICKLE_MARK,   /* of the interpreter; never in a value */
};

struct ift_pickle_value {
    enum ift_pickle_kind kind;
    union {
        int64_t number; /* BOOL, INT */
        const struct ift_slice *text;
        struct ift_pickle_list *list; /* TUPLE, LIST, DICT */
        const struct ift_pickle_storage *storage;
        const struct ift_pickle_tensor *tensor;
        const struct ift_pickle_global *global;
    };
};

struct ift_pickle_list {
    struct ift_pickle_value *item; /* of a dictionary: key, value, key … */
    size_t n, cap;
};

/* Numbers that lie in some member of the file, which has this key. */
struct ift_pickle_storage {
    const char *key;
    enum ift_dtype dtype;
    int64_t count; /* elements, >= 0 */
};

/* Element i, j of two dimensions is storage[offset + i stride[0] + j stride[1]]. Sizes, strides and
 * offset are not negative; whether all elements are within the storage is not checked here. */
struct ift_pickle_tensor {
    const struct ift_pickle_storage *storage;
    int64_t offset;
    int ndim;
    int64_t dim[IFT_MAX_DIMS], stride[IFT_MAX_DIMS];
};

/* Reads the pickle that begins at p; *used is where it ends. Values and text live in the arena. */
int ift_pickle_read(const unsigned char *p, size_t n, struct ift_arena *arena,
                    struct ift_pickle_value *value, size_t *used,
                    struct ift_err *err) IFT_MUST_CHECK;

/* The value of a key of a dictionary (the last, if there are several); NULL: absent, or no
 * dictionary. */
const struct ift_pickle_value *ift_pickle_get(const struct ift_pickle_value *dict, const char *key);

#endif
