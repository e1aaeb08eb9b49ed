/* Templates against what jinja2 made of them: those published with models, byte for byte, and
 * templates of one point each (tests/oracle/chat_template.py). */
#include <unistd.h>

#include "libcore/io/stream.h"
#include "libcore/text/jinja.h"
#include "tests/unit/check.h"

static int rendered, refused, different;

static struct ift_jval read_messages(struct ift_jrun *run, const struct ift_json *doc, int node) {
    const struct ift_jval list = ift_jval_list(run);
    for (int m = ift_json_first(doc, node); m >= 0; m = ift_json_next(doc, node, m)) {
        const struct ift_jval message = ift_jval_dict(run);
        struct ift_str key = {0};
        for (int k = ift_json_first(doc, m); k >= 0;) {
            const int value = ift_json_next(doc, m, k);
            ift_str_clear(&key);
            ift_json_text(doc, k, &key);
            if (!ift_json_is(doc, value, IFT_JSON_NULL))
                ift_jval_put(run, message, ift_str_slice(&key), ift_jval_json(run, doc, value, 1));
            k = ift_json_next(doc, m, value);
        }
        ift_str_release(&key);
        ift_jval_add(run, list, message);
    }
    return list;
}

/* Every member of an object as a variable. */
static void set_members(struct ift_jrun *run, const struct ift_json *doc, int object) {
    for (int k = ift_json_first(doc, object); k >= 0;) {
        const int value = ift_json_next(doc, object, k);
        struct ift_str key = {0};
        ift_json_text(doc, k, &key);
        ift_jrun_set(run, key.p, ift_jval_json(run, doc, value, 0));
        ift_str_release(&key);
        k = ift_json_next(doc, object, value);
    }
}

/* One case: a template, and in a JSON object what it gives, or that it fails. */
static void check_case(const char *where, const struct ift_jinja *j, struct ift_jrun *run,
                       const struct ift_json *doc, const struct ift_err *opening) {
    struct ift_err err = *opening;
    struct ift_jout out = {0};
    struct ift_str want = {0};
    const int expected = ift_json_get(doc, 0, "expected");
    const int rc = j ? ift_jinja_render(j, run, &out, &err) : -1;
    if (expected >= 0) ift_json_text(doc, expected, &want);
    if (rc < 0 && expected < 0 &&
        ift_json_text_is(doc, ift_json_get(doc, 0, "error_type"), "TemplateError")) {
        ift_json_text(doc, ift_json_get(doc, 0, "error"), &want);
        CHECK_STR(err.text, want.p); /* the author's words */
    }
    if (rc < 0) {
        refused++;
        if (expected >= 0) fprintf(stderr, "%s: refused: %s\n", where, err.text);
    } else if (expected < 0) {
        fprintf(stderr, "%s: rendered, but the original fails\n", where);
    } else if (want.n != out.text.n || (want.n && memcmp(want.p, out.text.p, want.n) != 0)) {
        fprintf(stderr, "%s: gives <%.*s>, expected <%s>\n", where, (int)out.text.n, out.text.p,
                want.p);
    } else {
        rendered++;
        ift_str_release(&want);
        return;
    }
    if (rc == 0 || expected >= 0) different++;
    ift_str_release(&want);
}

/* Lines of JSON: {"messages": …, "kwargs": {…}} for one template, or {"template": …} with
 * the variables of the first line's "context". */
static void check_file(const char *path, const char *template_path) {
    struct ift_err err = {0};
    struct ift_str text = {0}, template = {0};
    struct ift_json context = {0}, doc = {0};
    struct ift_jinja *fixed = NULL;
    struct ift_jrun *const run = ift_jrun_new();
    size_t line = 0;
    CHECK_OK(ift_in_slurp(path, &text, 0, &err), &err);
    if (template_path) {
        CHECK_OK(ift_in_slurp(template_path, &template, 0, &err), &err);
        CHECK_OK(ift_jinja_open(&fixed, template.p, template.n, &err), &err);
    }
    for (char *p = text.p, *end; p && (end = strchr(p, '\n')); p = end + 1) {
        char where[600];
        snprintf(where, sizeof where, "%s:%zu", path, ++line);
        CHECK_OK(ift_json_parse(&doc, p, (size_t)(end - p), &err), &err);
        if (line == 1 && ift_json_get(&doc, 0, "context") >= 0) {
            CHECK_OK(ift_json_parse(&context, p, (size_t)(end - p), &err), &err);
            continue;
        }
        struct ift_jinja *j = fixed;
        struct ift_err opening = {0};
        ift_jrun_begin(run);
        if (fixed) {
            const int messages = ift_json_get(&doc, 0, "messages"),
                      kwargs = ift_json_get(&doc, 0, "kwargs");
            ift_jrun_set(run, "messages", read_messages(run, &doc, messages));
            ift_jrun_set(run, "tools", ift_jval_none());
            ift_jrun_set(run, "documents", ift_jval_none());
            set_members(run, &doc, kwargs);
        } else {
            ift_str_clear(&template);
            ift_json_text(&doc, ift_json_get(&doc, 0, "template"), &template);
            set_members(run, &context, ift_json_get(&context, 0, "context"));
            (void)!ift_jinja_open(&j, template.p, template.n, &opening);
        }
        check_case(where, j, run, &doc, &opening);
        if (!fixed) ift_jinja_free(j);
    }
    ift_jinja_free(fixed);
    ift_jrun_free(run);
    ift_json_release(&context);
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&template);
}

static void check_folder(const char *folder, const char *const *names) {
    for (size_t i = 0; names[i]; i++) {
        char path[512], template[512];
        snprintf(path, sizeof path, "%s/%s.jsonl", folder, names[i]);
        snprintf(template, sizeof template, "%s/%s.jinja", folder, names[i]);
        check_file(path, access(template, F_OK) == 0 ? template : NULL);
    }
}

#define NOT4  "not not not not "
#define NOT   NOT4 NOT4 NOT4 NOT4 NOT4 NOT4 NOT4 NOT4 NOT4 NOT4
#define PLUS8 "+1+1+1+1+1+1+1+1"
#define PLUS  PLUS8 PLUS8 PLUS8 PLUS8 PLUS8 PLUS8 PLUS8 PLUS8 PLUS8 PLUS8

/* Templates that would take all time or memory end in a message. */
static void test_bounds(void) {
    static const char *const hostile[][2] = {
        {"{% set l = range(99999) | list %}{% for a in l %}{{ 'x' in l }}{% endfor %}", "steps"},
        {"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "MB"},
        {"{% set n = namespace(s='aaaaaaaa') %}{% for i in range(99) %}"
         "{% set n.s = n.s + n.s %}{% endfor %}",
         "MB"},
        {"{{ 'a' * 99999999999 }}", "MB"},
        {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "too deep"},
        {"{{ " NOT NOT NOT NOT "1 }}", "too deep"},
        {"{{ 1" PLUS PLUS PLUS PLUS PLUS PLUS PLUS PLUS PLUS PLUS " }}", "too deep"},
    };
    struct ift_jrun *const run = ift_jrun_new();
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct ift_err err = {0};
        struct ift_jinja *j = NULL;
        struct ift_jout out;
        ift_jrun_begin(run);
        int rc = ift_jinja_open(&j, hostile[i][0], strlen(hostile[i][0]), &err);
        if (rc == 0) rc = ift_jinja_render(j, run, &out, &err);
        CHECK_INT(rc, -1);
        if (!strstr(err.text, hostile[i][1])) CHECK_STR(err.text, hostile[i][1]);
        ift_jinja_free(j);
    }
    ift_jrun_free(run);
}

int main(void) {
    static const char *const own[] = {"points", "rounds", "turns", NULL};
    static const char *const published[] =
        {"baichuan2",    "chatglm2",  "chatglm3",       "chatglm4",     "chatml",
         "deepseek-v3",  "gemma",     "internlm2-tool", "llama-2",      "llama-2-vigogne",
         "llama-3",      "llama-3.1", "minicpm",        "mistral-v0.2", "mistral-v3-tools",
         "openchat-3.5", "phi-3",     "qwen2.5",        "qwen3",        "vicuna",
         "zephyr",       NULL};
    const char *const src = getenv("SRC"), *const shared = getenv("SHARED");
    struct ift_str folder = {0};
    ift_str_addf(&folder, "%s/tests/golden/chat_template", src && *src ? src : ".");
    check_folder(folder.p, own);
    CHECK_INT(different, 0);
    CHECK_INT(rendered, 35);
    CHECK_INT(refused, 29);
    test_bounds();
    ift_str_clear(&folder);
    ift_str_addf(&folder, "%s/golden/chat_template", shared ? shared : "");
    const bool there = access(folder.p, F_OK) == 0;
    if (there) {
        rendered = refused = 0;
        check_folder(folder.p, published);
        CHECK_INT(different, 0);
        CHECK_INT(rendered, 392);
        CHECK_INT(refused, 92);
        static const char *const semantics[] = {"jinja-semantics", NULL};
        check_folder(folder.p, semantics);
        CHECK_INT(different, 3); /* truncate, striptags and "{0.a}".format are not there */
    }
    ift_str_release(&folder);
    if (!there && !check_failures) check_skip("no reference files: only our own were checked");
    return check_done();
}
