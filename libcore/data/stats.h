/* stats.h: what is in collections of records: how many, how long, in which scripts, how often the
 * same. The body of ift-stats.
 *
 * A collection is an operand (a file, a folder or an archive with all that is in it, standard
 * input) or, with `by`, the records that have one value of a key. All figures are exact but for
 * duplicates, which are told by 64-bit hashes; none depends on the number of jobs.
 *
 *     fields      instruction, input, output, rationale: characters (code points) and bytes of
 *                 UTF-8, over the records in which the field is not empty
 *     text        what there is to learn from: the contents of `messages` or, without them,
 *                 instruction, input and output; with rationale and system
 *     rounds      messages of the user (ift_record_rounds); without `messages`, one
 *     asked       two records ask the same when instruction and input are the same or, with
 *                 messages, all that comes before the last reply
 *     whole       two records are the same when their canonical JSON (ift_json_copy) is
 *
 * Data knows no vocabularies: whoever wants tokens counted brings an ift_stats_counter.
 *
 * To add a figure: a member here, its counting in census.c, its column in stats_report.c.
 */
#ifndef IFT_STATS_H
#define IFT_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"
#include "libcore/data/letters.h"
#include "libcore/data/spread.h"

enum ift_stats_field {
    IFT_STATS_INSTRUCTION,
    IFT_STATS_INPUT,
    IFT_STATS_OUTPUT,
    IFT_STATS_RATIONALE,
    IFT_STATS_FIELDS,
};
extern const char *const ift_stats_field_name[]; /* the keys */

enum ift_stats_has {
    IFT_STATS_HAS_INPUT,
    IFT_STATS_HAS_RATIONALE,
    IFT_STATS_HAS_SYSTEM, /* the key, or a message of that role */
    IFT_STATS_HAS_MESSAGES,
    IFT_STATS_HAS_NO_OUTPUT, /* an empty one */
    IFT_STATS_NHAS,
};
extern const char *const ift_stats_has_name[]; /* "input", …, "empty_output" */

struct ift_stats {
    char *name;
    uint64_t records, has[IFT_STATS_NHAS];
    struct ift_spread_summary rounds, text /* characters */, tokens;
    struct ift_spread_summary characters[IFT_STATS_FIELDS], bytes[IFT_STATS_FIELDS];
    uint64_t text_bytes;
    uint64_t letters[IFT_LETTERS_KINDS];
    uint64_t asked_again, whole_again; /* records whose like came before */
    char *longest;                     /* "file:line" of the first longest text; NULL: no records */
    char *source;                      /* what `source` says in every record; NULL: nothing */
};

/* Of all scripts. */
uint64_t ift_stats_letters(const struct ift_stats *s);

struct ift_stats_page {
    struct ift_stats *of; /* the most records first, then by name */
    size_t n;
    struct ift_stats total; /* every record once; name NULL */
    bool tokens, again;     /* were they counted? */
    bool by;                /* collections are values of a key: a record may be in several */
};

/* Counts tokens: `open` makes a worker's own state, `count` adds those of a text to *n. */
struct ift_stats_counter {
    void *ctx;
    void *(*open)(void *ctx);
    void (*close)(void *counting);
    int (*count)(void *counting, struct ift_slice text, uint64_t *n, struct ift_err *err);
};

struct ift_stats_job {
    const char *member;                      /* of archives, or NULL */
    const char *by;                          /* a key, or NULL */
    const struct ift_stats_counter *counter; /* NULL: no tokens */
    bool again;                              /* look for duplicates */
    /* Appends what the run writes to its output. */
    int (*report)(void *ctx, const struct ift_stats_page *page, struct ift_str *out,
                  struct ift_err *err);
    void *ctx;
};

/* Reads the run's operands, has them reported and prints the tally. */
int ift_stats_run(const struct ift_stats_job *job, const struct ift_run *run,
                  struct ift_err *err) IFT_MUST_CHECK;

#endif
