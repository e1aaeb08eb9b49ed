/* Data files and presets: where they are looked for, what hides what, how misses are said. */
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/base/preset.h"
#include "libcore/base/str.h"
#include "tests/unit/check.h"

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0);
    if (f) fclose(f);
}

static void test_find(const char *root) {
    struct ift_err err = {0};
    struct ift_str want = {0};
    char *path = NULL;
    ift_str_addf(&want, "%s/kinds/alpaca.jq", root);
    CHECK_OK(ift_data_find("kinds", "alpaca", ".jq", &path, &err), &err);
    CHECK_STR(path, want.p);
    free(path);
    ift_str_release(&want);

    CHECK_OK(ift_data_find("kinds", "mine.jq", ".jq", &path, &err), &err); /* a file: not opened */
    CHECK_STR(path, "mine.jq");
    free(path);
    CHECK_OK(ift_data_find("kinds", "./alpaca", ".jq", &path, &err), &err);
    CHECK_STR(path, "./alpaca");
    free(path);

    CHECK_INT(ift_data_find("kinds", "alpca", ".jq", &path, &err), -1);
    CHECK_STR(err.text, "kinds: no \"alpca\", did you mean \"alpaca\"?");
    CHECK_INT(err.usage, 1);
    CHECK_INT(ift_data_find("kinds", "zzzzz", ".jq", &path, &err), -1);
    CHECK_STR(err.text, "kinds: no \"zzzzz\", --list shows what there is");
    CHECK_INT(ift_data_find("no-such-kind", "x", ".jq", &path, &err), -1);
    CHECK_STR(err.text, "no-such-kind: none found, set IFT_DATA to the data folder of ift");
}

static void test_list(void) {
    size_t n;
    char **names = ift_data_list("kinds", ".jq", &n);
    CHECK_INT(n, 2);
    if (n == 2) {
        CHECK_STR(names[0], "alpaca");
        CHECK_STR(names[1], "belle");
    }
    ift_data_list_free(names, n);
    names = ift_data_list("kinds", "", &n);
    CHECK_INT(n, 3);
    ift_data_list_free(names, n);
    names = ift_data_list("no-such-kind", "", &n);
    CHECK_INT(n, 0);
    ift_data_list_free(names, n);
}

static void test_presets(void) {
    struct ift_err err = {0};
    struct ift_preset p;
    CHECK_OK(ift_preset_init(&p, "lora", &err), &err);
    static const char *const want[] = {"--lr", "2e-4", "--peft=lora", "--name", "two words",
                                       "-j",   "4",    "--list",      "--last", "1"};
    CHECK_INT(p.n, 10);
    for (size_t i = 0; i < p.n && i < 10; i++) CHECK_STR(p.word[i], want[i]);
    ift_preset_release(&p);

    CHECK_INT(ift_preset_init(&p, "bad", &err), -1);
    CHECK(strstr(err.text, "presets/bad.opts:2: not an option, write --name VALUE"));
    CHECK_INT(ift_preset_init(&p, "lore", &err), -1);
    CHECK_STR(err.text, "presets: no \"lore\", did you mean \"lora\"?");
    CHECK_INT(ift_preset_init(&p, "./nowhere.opts", &err), -1);
    CHECK_STR(err.text, "./nowhere.opts: No such file or directory");
}

int main(void) {
    char root[] = "/tmp/ift-test-data-XXXXXX";
    CHECK(mkdtemp(root) && chdir(root) == 0);
    setenv("IFT_DATA", root, 1);
    CHECK(mkdir("kinds", 0777) == 0 && mkdir("presets", 0777) == 0);
    put("kinds/alpaca.jq", "");
    put("kinds/belle.jq", "");
    put("kinds/notes.txt", "");
    put("kinds/.hidden.jq", "");
    put("presets/lora.opts", "# tuned by hand\n\n  --lr  2e-4  \r\n--peft=lora\n--name two words\n"
                             "-j 4\n\t\n--list\n--last 1");
    put("presets/bad.opts", "--lr 1\nlr 2\n");
    test_find(root);
    test_list();
    test_presets();
    static const char *const made[] = {"kinds/alpaca.jq",  "kinds/belle.jq",    "kinds/notes.txt",
                                       "kinds/.hidden.jq", "presets/lora.opts", "presets/bad.opts"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) unlink(made[i]);
    CHECK(rmdir("kinds") == 0 && rmdir("presets") == 0 && rmdir(root) == 0);
    return check_done();
}
