#include "libcore/base/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/help.h"
#include "libcore/base/mem.h"
#include "libcore/base/preset.h"

/* One program run: everything main() owns. */
struct app {
    const struct ift_tool *tool;
    struct ift_run run;
    struct ift_opt common[16]; /* the rows of common_rows that this tool takes, and {0} */
    struct ift_opt_set sets[3];
    struct ift_preset preset;
    char **argv; /* with the preset's options; NULL without one */
    struct timespec start;
    struct sigaction pipe_before;
};

static const char *const backends[] = {"auto", "cpu", "cuda", NULL};

#define COMMON struct ift_common_args

static const struct {
    unsigned needs; /* any of these bits; 0: every tool has it */
    struct ift_opt opt;
} common_rows[] = {
    {IFT_TAKES_OUTPUT,
     IFT_OPT_STR('o', "output", COMMON, output, "FILE", "-", "write there, all of it or nothing")},
    {IFT_TAKES_OUTDIR,
     IFT_OPT_REQUIRED('o', "output", COMMON, output, "DIR", "folder to write")},
    {IFT_TAKES_JOBS,
     IFT_OPT_INT('j', "jobs", COMMON, jobs, "N", 0, 1024, 0, "threads, 0: one a core")},
    {IFT_TAKES_SEED,
     IFT_OPT_INT('s', "seed", COMMON, seed, "SEED", 0, 0x1p53 - 1, 0, "seed of every choice")},
    {IFT_TAKES_REJECTS,
     IFT_OPT_OPTIONAL('\0', "keep-going", COMMON, keep_going, "N",
                      "leave out bad records, at most N of them, instead of stopping")},
    {IFT_TAKES_REJECTS,
     IFT_OPT_STR('\0', "rejects", COMMON, rejects, "FILE", NULL,
                 "write bad records there, implies --keep-going")},
    {IFT_TAKES_BACKEND,
     IFT_OPT_CHOICE('\0', "backend", COMMON, backend, NULL, "auto", backends, "where to compute")},
    {0, IFT_OPT_STR('\0', "preset", COMMON, preset, "NAME", NULL,
                    "take options from presets/NAME.opts first")},
    {0, IFT_OPT_FLAG('q', "quiet", COMMON, quiet, "no progress, no tally, errors only")},
    {0, IFT_OPT_FLAG('v', "verbose", COMMON, verbose, "say more, and what the run cost")},
};

static const struct ift_opt about[] = {
    IFT_OPT_ALONE('h', "help", COMMON, help, "print this page"),
    IFT_OPT_ALONE('\0', "version", COMMON, version, "print the version and what it was built with"),
    IFT_OPT_ALONE('\0', "completion", COMMON, completion, "print completion for bash"),
    {0},
};

/* A closed standard stream would lend its number to the next file opened, and messages would land
 * in it. Opened the wrong way round, it still fails when it is used. */
static void reserve_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    }
}

static void app_init(struct app *app, const struct ift_tool *tool, int argc, char *argv[]) {
    *app = (struct app){.tool = tool};
    clock_gettime(CLOCK_MONOTONIC, &app->start);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &app->pipe_before);

    size_t n = 0;
    for (size_t i = 0; i < sizeof common_rows / sizeof *common_rows; i++) {
        const unsigned needs = common_rows[i].needs;
        if (!needs || (needs & tool->common)) app->common[n++] = common_rows[i].opt;
    }
    struct ift_run *const run = &app->run;
    run->tool = tool;
    run->args = ift_alloc0(1, tool->args_size);
    run->common.output = "-";
    run->common.backend = "auto";
    run->argc = argc;
    run->argv = argv;
    app->sets[0] = (struct ift_opt_set){tool->opts, run->args};
    app->sets[1] = (struct ift_opt_set){app->common, &run->common};
    app->sets[2] = (struct ift_opt_set){about, &run->common};
}

static void app_release(struct app *app) {
    ift_opt_release(app->sets, 3);
    ift_preset_release(&app->preset);
    free(app->run.operand);
    free(app->run.args);
    free(app->argv);
}

static int parse(struct app *app, struct ift_err *err) {
    struct ift_run *const run = &app->run;
    free(run->operand);
    run->operand = NULL;
    ift_opt_release(app->sets, 3);
    return ift_opt_parse(app->sets, 3, run->argc, run->argv, &run->operand, &run->noperands, err);
}

/* Writes the preset's options in front of those typed, and leaves --preset itself out. Its value
 * points into argv, which tells its words apart from equal words that are something else. */
static void expand_preset(struct app *app) {
    struct ift_run *const run = &app->run;
    const char *const value = run->common.preset;
    const char *const attached = "--preset=";
    const size_t n_attached = strlen(attached);
    app->argv = ift_alloc0((size_t)run->argc + app->preset.n + 1, sizeof *app->argv);
    int n = 0;
    app->argv[n++] = run->argv[0];
    for (size_t i = 0; i < app->preset.n; i++) app->argv[n++] = app->preset.word[i];
    for (int i = 1; i < run->argc; i++) {
        char *const word = run->argv[i];
        if (strncmp(word, attached, n_attached) == 0 && word + n_attached == value) continue;
        if (i + 1 < run->argc && run->argv[i + 1] == value) i++;
        else app->argv[n++] = word;
    }
    run->argc = n;
    run->argv = app->argv;
}

static int parse_with_preset(struct app *app, struct ift_err *err) {
    IFT_TRY(parse(app, err));
    const char *const name = app->run.common.preset;
    if (!name) return 0;
    IFT_TRY(ift_preset_init(&app->preset, name, err));
    expand_preset(app);
    if (parse(app, err) < 0) return ift_fail_in(err, "preset %s", name);
    if (app->run.common.preset) return ift_fail_usage(err, "only one --preset can be taken");
    return 0;
}

static int resolve(struct app *app, struct ift_err *err) {
    struct ift_run *const run = &app->run;
    cpu_set_t cpus;
    const bool counted = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
    run->jobs = run->common.jobs ? (int)run->common.jobs : counted ? CPU_COUNT(&cpus) : 1;
    run->seed = (uint64_t)run->common.seed;
    const char *const limit = run->common.keep_going;
    long long n = 0;
    if (limit && limit[0] && (!ift_parse_i64(ift_slice(limit), &n) || n < 0)) {
        return ift_fail_usage(err, "--keep-going \"%s\" is not a number of records", limit);
    }
    const bool endless = limit ? !limit[0] : run->common.rejects != NULL;
    run->may_reject = endless ? UINT64_MAX : (uint64_t)n;
    if (run->noperands && !app->tool->operands[0]) {
        return ift_fail_usage(err, "takes no operands, found \"%s\"", run->operand[0]);
    }
    if (ift_opt_alone(app->sets, 3)) return 0;
    IFT_TRY(ift_opt_complete(app->sets, 3, err));
    if ((app->tool->common & IFT_TAKES_INPUT) && !run->noperands && isatty(STDIN_FILENO)) {
        return ift_fail_usage(err, "no input: name a file, use a pipe, or - to type it");
    }
    return 0;
}

/* Answers the options that are about the program itself; true when one was there. */
static bool about_itself(const struct app *app) {
    const struct ift_common_args *const c = &app->run.common;
    const struct ift_tool *const tool = app->tool;
    const struct ift_help help = {tool->name, tool->summary, tool->operands, app->sets, 3};
    struct ift_str text = {0};
    if (c->help) ift_help_page(&help, &text);
    else if (c->version) ift_str_addf(&text, "%s (%s)\n%s\n", tool->name, ift_version, ift_built);
    else if (c->completion) ift_help_completion(&help, &text);
    if (text.n) fwrite(text.p, 1, text.n, stdout);
    const bool answered = text.n > 0;
    ift_str_release(&text);
    return answered;
}

static int close_stdout(struct ift_err *err) {
    if (fflush(stdout) != 0 || ferror(stdout)) return ift_fail_errno(err, "standard output");
    if (close(STDOUT_FILENO) != 0 && errno != EBADF) return ift_fail_errno(err, "standard output");
    return 0;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static void add_quoted(struct ift_str *s, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=./,:@%";
    if (word[0] && word[strspn(word, plain)] == '\0') {
        ift_str_adds(s, word);
        return;
    }
    ift_str_addc(s, '\'');
    for (; *word; word++) {
        if (*word == '\'') ift_str_adds(s, "'\\''");
        else ift_str_addc(s, *word);
    }
    ift_str_addc(s, '\'');
}

static void note_cost(const struct app *app) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double real = (double)(end.tv_sec - app->start.tv_sec) +
                        1e-9 * (double)(end.tv_nsec - app->start.tv_nsec);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    struct ift_str command = {0};
    for (int i = 0; i < app->run.argc; i++) {
        ift_str_adds(&command, i ? " " : "");
        add_quoted(&command, app->run.argv[i]);
    }
    ift_note_verbose(&app->run, "%s: %s: %.2f s, cpu %.2f s, peak %.1f MiB", ift_version, command.p,
                     real, seconds(use.ru_utime) + seconds(use.ru_stime),
                     (double)use.ru_maxrss / 1024);
    ift_str_release(&command);
}

static int app_run(struct app *app, struct ift_err *err) {
    IFT_TRY(parse_with_preset(app, err));
    IFT_TRY(resolve(app, err));
    if (about_itself(app)) return close_stdout(err);
    const int rc = app->tool->run(&app->run, err);
    if (rc < 0) {
        fflush(stdout);
        return -1;
    }
    IFT_TRY(close_stdout(err));
    note_cost(app);
    return 0;
}

int main(int argc, char *argv[]) {
    reserve_standard_streams();
    ift_mem_give_back();
    unsetenv("HOME"); /* libjq would add the definitions in ~/.jq to every recipe */
    struct app app;
    app_init(&app, &ift_tool, argc, argv);
    struct ift_err err = {0};
    const int rc = app_run(&app, &err);
    if (rc < 0 && err.closed_pipe) {
        sigaction(SIGPIPE, &app.pipe_before, NULL);
        raise(SIGPIPE); /* comes back only when the parent had it ignored */
    } else if (rc < 0) {
        ift_say(app.tool->name, err.text);
    }
    app_release(&app);
    return rc == 0 ? 0 : err.usage ? 2 : 1;
}
