/* check.h: the smallest thing that lets a test fail usefully. A test program runs its checks,
 * prints each failure with both values, and returns check_done() from main(). check_skip() leaves
 * with the code that tests/run counts as skipped. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

#define CHECK(cond)                                                                     \
    do {                                                                                \
        if (!(cond)) {                                                                  \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);          \
            check_failures++;                                                           \
        }                                                                               \
    } while (0)

/* Fallible call: prints the message of err when it fails. */
#define CHECK_OK(call, err)                                                             \
    do {                                                                                \
        if ((call) != 0) {                                                              \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, (err)->text); \
            check_failures++;                                                           \
        }                                                                               \
    } while (0)

#define CHECK_INT(got, want)                                                            \
    do {                                                                                \
        const long long got_ = (long long)(got), want_ = (long long)(want);             \
        if (got_ != want_) {                                                            \
            fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__,   \
                    #got, got_, want_);                                                 \
            check_failures++;                                                           \
        }                                                                               \
    } while (0)

#define CHECK_STR(got, want)                                                            \
    do {                                                                                \
        const char *got_ = (got), *want_ = (want);                                      \
        if (!got_ || strcmp(got_, want_) != 0) {                                        \
            fprintf(stderr, "%s:%d: %s is '%s', expected '%s'\n", __FILE__, __LINE__,   \
                    #got, got_ ? got_ : "(null)", want_);                               \
            check_failures++;                                                           \
        }                                                                               \
    } while (0)

/* |got - want| <= tol, and neither is a NaN. */
#define CHECK_NEAR(got, want, tol)                                                      \
    do {                                                                                \
        const double got_ = (double)(got), want_ = (double)(want), tol_ = (double)(tol);\
        if (!(fabs(got_ - want_) <= tol_)) {                                            \
            fprintf(stderr, "%s:%d: %s is %.9g, expected %.9g within %.3g\n", __FILE__, \
                    __LINE__, #got, got_, want_, tol_);                                 \
            check_failures++;                                                           \
        }                                                                               \
    } while (0)

static inline int check_done(void) {
    return check_failures ? 1 : 0;
}

static inline void check_skip(const char *why) {
    printf("skipped: %s\n", why);
    exit(77);
}

#endif
