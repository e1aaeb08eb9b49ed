/* census.h: the counters behind ift-stats: what is known of a collection while its records go by.
 * Private to stats.
 *
 * Adding does not depend on order, so every worker gathers for itself and all are absorbed into one
 * at the end. Per collection memory is some kilobytes, that of the spreads (spread.h), and 22 to 43
 * bytes a record for what was seen (seen.h), unless `count_again` is false.
 */
#ifndef IFT_CENSUS_H
#define IFT_CENSUS_H

#include "libcore/data/record.h"
#include "libcore/data/letters.h"
#include "libcore/data/seen.h"
#include "libcore/data/source.h"
#include "libcore/data/spread.h"
#include "libcore/data/stats.h"

/* What is counted of one record, taken once and added to each collection that it is in. */
struct ift_census_facts {
    uint64_t characters[IFT_STATS_FIELDS], bytes[IFT_STATS_FIELDS];
    uint64_t has; /* 1 << enum ift_stats_has */
    uint64_t rounds;
    uint64_t text_characters, text_bytes, tokens;
    uint64_t letters[IFT_LETTERS_KINDS + 1];
    uint64_t asked, whole;   /* hashes */
    struct ift_slice source; /* of the record's key, unescaped; lent */
};

/* Scratch memory of one worker. */
struct ift_census_reader {
    const struct ift_letters_table *scripts;
    const struct ift_stats_counter *counter; /* NULL: tokens are not counted */
    void *counting;                          /* the counter's own, of this worker */
    bool hash;
    struct ift_str text, whole, source;
};

/* Takes the facts of a parsed record; fails only where the counter does. */
int ift_census_read(struct ift_census_reader *reader, const struct ift_record *r,
                    struct ift_census_facts *facts, struct ift_err *err) IFT_MUST_CHECK;
void ift_census_reader_release(struct ift_census_reader *reader);

/* A zeroed struct is ready. */
struct ift_census {
    uint64_t records, has[IFT_STATS_NHAS];
    struct ift_spread rounds, text, tokens, characters[IFT_STATS_FIELDS], bytes[IFT_STATS_FIELDS];
    uint64_t text_bytes, letters[IFT_LETTERS_KINDS + 1];
    struct ift_seen asked, whole;
    uint64_t longest_at; /* index and */
    uint64_t longest_n;  /* characters and */
    char *longest;       /* place of the longest text */
    char *source;        /* what every record's `source` says; NULL: there is none, or */
    bool sources;        /* they differ */
};

/* Adds a record; item tells its place. */
void ift_census_add(struct ift_census *g, const struct ift_census_facts *facts,
                    const struct ift_item *item, bool hash);
/* Adds all of `from`, which is released. */
void ift_census_absorb(struct ift_census *into, struct ift_census *from);
/* The figures, but for the name. */
void ift_census_finish(struct ift_census *g, struct ift_stats *stats);
void ift_census_release(struct ift_census *g);

#endif
