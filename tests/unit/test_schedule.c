/* Learning rates against what transformers 5.23.0 gives, to the last bit. */
#include "libcore/train/schedule.h"
#include "tests/unit/check.h"

static void run(const char *name, long long warmup, long long total, const double *want) {
    const struct ift_schedule s = {name, 0.003, warmup, total};
    for (long long k = 0; k < total; k++) {
        const double got = ift_schedule_lr(&s, k);
        if (got != want[k]) fprintf(stderr, "%s: update %lld:\n", name, k);
        CHECK_NEAR(got, want[k], 0);
    }
}

int main(void) {
    /* tests/oracle/schedule.py */
    run("constant", 2, 6, (const double[]){0.0, 0.0015, 0.003, 0.003, 0.003, 0.003});
    run("linear", 2, 6,
        (const double[]){0.0, 0.0015, 0.003, 0.0022500000000000003, 0.0015, 0.00075});
    run("linear", 0, 6, (const double[]){0.003, 0.0025, 0.002, 0.0015, 0.001, 0.0005});
    run("cosine", 3, 10,
        (const double[]){0.0, 0.001, 0.002, 0.003, 0.002851453301853629, 0.0024352347027881004,
                         0.0018337814009344716, 0.0011662185990655284, 0.0005647652972118998,
                         0.00014854669814637144});

    CHECK_INT(ift_schedule_warmup(0, 100), 0);
    CHECK_INT(ift_schedule_warmup(0.03, 101), 4);
    CHECK_INT(ift_schedule_warmup(1, 100), 1);
    CHECK_INT(ift_schedule_warmup(25, 100), 25);

    /* Warm-up longer than the run, and a run that is all warm-up, stay finite and never fall. */
    const struct ift_schedule s = {"linear", 1, 10, 4}, all = {"cosine", 1, 4, 4};
    for (long long k = 0; k < 4; k++) CHECK_NEAR(ift_schedule_lr(&s, k), (double)k / 10, 0);
    CHECK_NEAR(ift_schedule_lr(&all, 3), 0.75, 0);
    CHECK_NEAR(ift_schedule_lr(&all, 4), 1, 0);
    return check_done();
}
