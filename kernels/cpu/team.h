/* team.h: the one set of threads of the CPU backend.
 *
 * A team is created once and lives as long as the device. Work is given out as a range of indices,
 * cut into runs of `grain` that whoever is free takes next; the caller takes part. Which thread
 * computes an index is left to chance, so a result must depend on the index alone. That is how
 * every op here gives the same bits for any number of threads.
 *
 * Between jobs a thread spins for some tens of microseconds, since ops follow each other closely,
 * and then sleeps. The caller never waits for a sleeper that has not joined: a short job may well
 * be over first.
 */
#ifndef IFT_TEAM_H
#define IFT_TEAM_H

#include <stdint.h>

struct ift_team;

/* Computes indices begin .. end - 1. `thread` is 0 .. threads - 1, to choose a private piece of
 * scratch. */
typedef void ift_team_body(const void *ctx, int64_t begin, int64_t end, int thread);

/* threads: at least 1; 1 creates none. */
int ift_team_init(struct ift_team **team, int threads, char *why);
void ift_team_free(struct ift_team *team);
int ift_team_threads(const struct ift_team *team);

/* Runs body over 0 .. n - 1 and returns when all is done. A range of at most `grain` indices stays
 * with the caller. One job at a time: not from inside a body, and callers of a shared team take
 * turns. */
void ift_team_each(struct ift_team *team, int64_t n, int64_t grain, ift_team_body *body,
                   const void *ctx);

#endif
