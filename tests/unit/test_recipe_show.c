/* The installed recipes: every recipe says what it is, and runs on our own evaluator, but for those
 * that run queries on tables: they divide, and look for numbers in texts. */
#include "libcore/base/data.h"
#include "libcore/data/recipe_show.h"
#include "tests/unit/check.h"

static enum ift_recipe_engine engine_of(const char *name) {
    const bool queries = strcmp(name, "nl2sql") == 0 || strcmp(name, "wikisql") == 0;
    return queries ? IFT_RECIPE_LIBJQ : IFT_RECIPE_NATIVE;
}

static void test_recipe(const char *name) {
    struct ift_recipe *r;
    struct ift_err err = {0};
    if (ift_recipe_open(&r, name, engine_of(name), NULL, 0, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        check_failures++;
        return;
    }
    static const char *const required[] = {"title", "type", "source"};
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        const char *const value = ift_recipe_header(r, required[i]);
        if (value && value[0]) continue;
        fprintf(stderr, "%s: no \"%s\"\n", name, required[i]);
        check_failures++;
    }
    ift_recipe_free(r);

    struct ift_str text = {0};
    CHECK_OK(ift_recipe_show(name, &text, &err), &err);
    CHECK(strncmp(text.p, "name     ", 9) == 0 && strncmp(text.p + 9, name, strlen(name)) == 0);
    ift_str_release(&text);
}

static void test_list(char **names, size_t n) {
    struct ift_str text = {0};
    struct ift_err err = {0};
    CHECK_OK(ift_recipe_show_all(&text, &err), &err);
    const char *line = text.p;
    for (size_t i = 0; i < n; i++) {
        line = strchr(line, '\n') + 1; /* the first is the head of the table */
        const size_t k = strlen(names[i]);
        CHECK(strncmp(line, names[i], k) == 0 && line[k] == ' ');
    }
    CHECK_STR(strchr(line, '\n'), "\n");
    ift_str_release(&text);
}

int main(void) {
    size_t n;
    char **const names = ift_data_list("formats", ".jq", &n);
    static const char *const known[] = {"flan-cot", "flan-cot-plain", "alpaca", "gpteacher",
                                        "dolly",    "code-alpaca",    "gsm8k",  "messages"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t k = 0;
        while (k < n && strcmp(names[k], known[i]) != 0) k++;
        CHECK(k < n);
    }
    for (size_t i = 0; i < n; i++) test_recipe(names[i]);
    test_list(names, n);
    ift_data_list_free(names, n);
    return check_done();
}
