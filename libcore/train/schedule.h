/* schedule.h: the learning rate of each update, as Hugging Face trainers set it (transformers,
 * optimization.py).
 *
 * Update k = 0, 1, … of `total`, the first `warmup` of which climb from 0: factor k / warmup, so
 * update 0 moves nothing but the moments. Then, with u = (k - warmup) / (total - warmup):
 *
 *     constant   1
 *     linear     1 - u
 *     cosine     (1 + cos(pi u)) / 2
 *
 * The factor reaches 0 only behind the last update. To add a schedule: a name and its formula in
 * schedule.c.
 */
#ifndef IFT_SCHEDULE_H
#define IFT_SCHEDULE_H

/* The names, NULL-terminated, for an option table; a schedule is one of these very pointers or an
 * equal text. */
extern const char *const ift_schedule_names[];

struct ift_schedule {
    const char *name;
    double lr; /* the factor is multiplied by this */
    long long warmup, total;
};

double ift_schedule_lr(const struct ift_schedule *s, long long k);

/* Updates of warm-up as a user gives them: a count, or below 1 a share of `total`, rounded up. */
long long ift_schedule_warmup(double asked, long long total);

#endif
