/* The progress line: drawn on a terminal now and then, erased at the end, silent anywhere else. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/progress.h"
#include "tests/unit/check.h"

static int terminal; /* our end of it */

/* Puts a terminal of 60 columns in the place of standard error; false when there are none here. */
static bool open_terminal(void) {
    terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) return false;
    const int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    if (other < 0) return false;
    const struct winsize size = {.ws_row = 24, .ws_col = 60};
    return ioctl(other, TIOCSWINSZ, &size) == 0 && dup2(other, STDERR_FILENO) >= 0;
}

/* What was drawn so far. */
static void drawn(char *text, size_t room) {
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    size_t have = 0;
    for (ssize_t n; (n = read(terminal, text + have, room - 1 - have)) > 0;) have += (size_t)n;
    text[have] = '\0';
}

static int count(const char *text, char c) {
    int n = 0;
    for (; *text; text++) n += *text == c;
    return n;
}

static void run(uint64_t total, bool enabled) {
    struct ift_progress *p = ift_progress_new("ift-test", "records", total, enabled);
    for (int i = 0; i < 40; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        ift_progress_update(p, (uint64_t)i * 1000, "loss 2.314 and a tail that is far too long");
    }
    CHECK(ift_progress_seconds(p) >= 0.4);
    ift_progress_free(p);
}

int main(void) {
    /* Failures are told on the stderr that we came with. */
    const int before = dup(STDERR_FILENO);
    if (!open_terminal()) check_skip("no terminals here");
    setenv("TERM", "xterm", 1);
    char with_total[4096], without[4096], quiet[4096], dumb[4096];
    run(80000, true);
    drawn(with_total, sizeof with_total);
    run(0, true);
    drawn(without, sizeof without);
    run(0, false);
    drawn(quiet, sizeof quiet);
    setenv("TERM", "dumb", 1);
    run(0, true);
    drawn(dumb, sizeof dumb);
    dup2(before, STDERR_FILENO);

    /* 0.4 s at most at 6 Hz: two lines (one on a busy machine, more when it stalls), then the
     * eraser. */
    CHECK(count(with_total, '\r') >= 2 && count(with_total, '\r') <= 6);
    CHECK(strncmp(with_total, "\rift-test: ", 11) == 0);
    CHECK(strstr(with_total, "k of 80.0k records, "));
    CHECK(strstr(with_total, "k/s, 0:0"));
    CHECK(strstr(with_total, " left, loss"));
    CHECK(!strstr(with_total, "far too long"));
    CHECK(strchr(with_total, '\033') - with_total <= 60);
    CHECK_STR(with_total + strlen(with_total) - 4, "\r\033[K");
    CHECK(strstr(without, "k records, ") && !strstr(without, "left"));
    CHECK_STR(quiet, "");
    CHECK_STR(dumb, "");
    ift_progress_free(NULL);
    return check_done();
}
