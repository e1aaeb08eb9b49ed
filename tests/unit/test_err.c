/* Error messages: how they are filled, extended and cut. */
#include <errno.h>

#include "libcore/base/err.h"
#include "tests/unit/check.h"

static int half(int n, struct ift_err *err) {
    if (n % 2) return IFT_FAIL(err, "%d is odd", n);
    return n / 2;
}

static int quarter(int n, struct ift_err *err) {
    IFT_TRY(half(n, err));
    return half(n / 2, err);
}

int main(void) {
    struct ift_err err = {0};
    CHECK_INT(quarter(8, &err), 2);
    CHECK_STR(err.text, "");
    CHECK_INT(quarter(6, &err), -1);
    CHECK_STR(err.text, "3 is odd");
    CHECK_INT(err.usage, 0);

    CHECK_INT(ift_fail_in(&err, "%s:%d", "in.jsonl", 17), -1);
    CHECK_STR(err.text, "in.jsonl:17: 3 is odd");

    errno = ENOENT;
    CHECK_INT(ift_fail_errno(&err, "a.txt"), -1);
    CHECK_STR(err.text, "a.txt: No such file or directory");
    CHECK_INT(err.closed_pipe, 0);
    errno = EPIPE;
    CHECK_INT(ift_fail_errno(&err, "standard output"), -1);
    CHECK_INT(err.closed_pipe, 1);

    struct ift_err usage = {0};
    CHECK_INT(ift_fail_usage(&usage, "no such option"), -1);
    CHECK_INT(usage.usage, 1);
    CHECK_INT(ift_fail_in(&usage, "preset x"), -1);
    CHECK_INT(usage.usage, 1);

    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK_INT(ift_fail(&err, "%s", text), -1);
    CHECK_INT(strlen(err.text), sizeof err.text - 1);
    CHECK_INT(ift_fail_in(&err, "in.jsonl"), -1);
    CHECK_INT(strlen(err.text), sizeof err.text - 1);
    CHECK(strncmp(err.text, "in.jsonl: xxx", 13) == 0);

    CHECK_INT(ift_fail(NULL, "nobody listens"), -1);
    CHECK_INT(ift_fail_in(NULL, "nobody listens"), -1);
    return check_done();
}
