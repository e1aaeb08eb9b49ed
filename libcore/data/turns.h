/* turns.h: a dialogue cut into records of one answer each (`--turns`).
 *
 * A turn is an answer and the message of the user that it follows. Its record has the two as
 * instruction and output, an empty input, a system text where the dialogue has one, and the other
 * keys of the dialogue's record. With `context` it also keeps `messages` up to that answer, in
 * which earlier answers have "train": false, so that each is learned once.
 */
#ifndef IFT_TURNS_H
#define IFT_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/record.h"

enum ift_turns {
    IFT_TURNS_ALL,  /* the dialogue as it is */
    IFT_TURNS_EACH, /* a record for each answer */
    IFT_TURNS_LAST, /* one, for the last answer */
};
extern const char *const ift_turns_name[]; /* the choices of --turns, NULL at the end */
enum ift_turns ift_turns(const char *name);

/* Gives `put` the record's turns as lines without their ends, in order; put appends nothing itself
 * and is called after each. A record that is no dialogue is one turn. Answers of "train": false and
 * answers that follow no message of the user are no turns; *unasked counts the latter. */
void ift_turns_cut(const struct ift_record *r, enum ift_turns turns, bool context,
                   struct ift_str *out, void (*put)(void *ctx), void *ctx, uint64_t *unasked);

#endif
