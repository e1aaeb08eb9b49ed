/* group.h: which JSON values that follow one another belong together (`read: json group=KEY`): rows
 * of a table that is sorted by dialogue, say.
 *
 * Those are objects whose KEY has the same text, `7` and `7`. A value without the key belongs to
 * nothing else, and so does one that is not JSON, which is for others to reject.
 */
#ifndef IFT_GROUP_H
#define IFT_GROUP_H

#include <stdbool.h>

#include "libcore/base/str.h"
#include "libcore/io/json.h"

/* Zeroed with a key, which is borrowed, it is ready. */
struct ift_group {
    const char *key;
    struct ift_json row;
    struct ift_str text; /* of the last value's key; empty: it had none */
};

enum ift_group_place {
    IFT_GROUP_NONE,  /* has no key */
    IFT_GROUP_FIRST, /* begins a group */
    IFT_GROUP_NEXT,  /* belongs to the one that precedes it */
};
/* Where the next value stands. */
enum ift_group_place ift_group_place(struct ift_group *g, struct ift_slice value);
void ift_group_release(struct ift_group *g);

#endif
