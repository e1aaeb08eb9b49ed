/* A template is a stranger's program: what asks for more time, memory or depth than there is ends
 * in a message. */
#include <sys/resource.h>

#include "libcore/text/jinja.h"
#include "tests/unit/check.h"

/* Renders text: 0, or -1 with the message in err. */
static int render(const struct ift_str *text, struct ift_err *err) {
    struct ift_jinja *j;
    struct ift_jout out;
    *err = (struct ift_err){0};
    if (ift_jinja_open(&j, text->p, text->n, err) < 0) return -1;
    struct ift_jrun *const run = ift_jrun_new();
    ift_jrun_begin(run);
    const int rc = ift_jinja_render(j, run, &out, err);
    ift_jrun_free(run);
    ift_jinja_free(j);
    return rc;
}

static void check_fails(struct ift_str *text, const char *want) {
    struct ift_err err;
    CHECK_INT(render(text, &err), -1);
    if (!strstr(err.text, want)) fprintf(stderr, "of %.60s\n", text->p);
    CHECK(strstr(err.text, want) != NULL);
    ift_str_release(text);
}

static void check_text_fails(const char *template, const char *want) {
    struct ift_str text = {0};
    ift_str_adds(&text, template);
    check_fails(&text, want);
}

static void test_depth(void) {
    struct ift_str text = {0};
    ift_str_adds(&text, "{% filter e");
    for (int i = 0; i < 400000; i++) ift_str_adds(&text, "|e");
    ift_str_adds(&text, " %}x{% endfilter %}");
    check_fails(&text, "too deep");
#define NESTS                                                                                      \
    "{% set ns = namespace(a=[], b=[]) %}{% for i in range(100000) %}{% set ns.a = "               \
    "[ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}"
    check_text_fails(NESTS "{{ ns.a == ns.b }}", "too deep");
    check_text_fails(NESTS "{{ ns.a < ns.b }}", "too deep");
    check_text_fails(NESTS "{{ ns.a in [ns.b] }}", "too deep");
}

static void test_numbers(void) {
    check_text_fails("{{ (0 - 170141183460469231731687303715884105727 - 1)|abs }}", "too large");
}

/* Each asks for as many values as its text has characters. */
static void test_memory(void) {
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    check_text_fails("{% set t = 'a ' * 6000000 %}{{ t.split()|length }}", "more than 256 MB");
    check_text_fails("{% set t = '\\n' * 10000000 %}{{ t.splitlines()|length }}",
                     "more than 256 MB");
    getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__
    CHECK(after.ru_maxrss - before.ru_maxrss < 600 << 10);
#endif
}

/* What looks at all of a long text takes as many steps, here where most were taken before. */
static void test_time(void) {
    static const char *const looks[] = {"1",           "t|trim",          "t.strip()",
                                        "t|wordcount", "t.startswith(t)", "t.removesuffix(t)"};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct ift_str text = {0};
        struct ift_err err;
        ift_str_addf(&text,
                     "{%% set t = ' ' * 16000000 %%}{%% for i in range(51) %%}{%% set x = t|length "
                     "%%}{%% endfor %%}{%% for i in range(7) %%}{%% set x = %s %%}{%% endfor %%}",
                     looks[i]);
        if (i > 0)
            check_fails(&text, "does not end");
        else
            CHECK_OK(render(&text, &err), &err);
        ift_str_release(&text);
    }
}

int main(void) {
    test_depth();
    test_numbers();
    test_memory();
    test_time();
    return check_done();
}
