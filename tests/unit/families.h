/* families.h: reference cases of model families. A case is a folder with `model`, case.json and
 * io.safetensors; a test walks all that are at hand, those of tests/golden and those of $SHARED,
 * and checks of each what it has. Cases of families that are not supported are named as skipped.
 */
#ifndef FAMILIES_H
#define FAMILIES_H

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "tests/unit/golden.h"

/* One case under way. */
struct golden_case {
    const char *dir, *name;
    struct ift_device *device;
    struct ift_str text;
    struct ift_json doc; /* case.json */
    struct ift_model *m;
    struct ift_safetensors *io; /* NULL: there is none */
};

/* A member of case.json at a path of keys; -1: not there. */
static inline int at(const struct golden_case *c, const char *a, const char *b) {
    const int node = ift_json_get(&c->doc, 0, a);
    return b ? ift_json_get(&c->doc, node, b) : node;
}

static inline double number(const struct golden_case *c, int node) {
    double value = 0;
    if (node >= 0) CHECK(ift_parse_f64(ift_json_raw(&c->doc, node), &value));
    return value;
}

static inline bool read_case(struct golden_case *c) {
    struct ift_err err = {0};
    char *const path = golden_join(c->dir, "case.json");
    const int rc = ift_in_slurp(path, &c->text, 0, &err);
    free(path);
    if (rc < 0) return false;
    CHECK_OK(ift_json_parse(&c->doc, c->text.p, c->text.n, &err), &err);
    return true;
}

/* ---- folders ---- */

/* A folder in the working directory with the files of `from` but another config.json. */
static inline char *with_config(const char *from, const char *config, size_t n) {
    static int made;
    struct ift_str path = {0}, target = {0};
    char name[32];
    snprintf(name, sizeof name, "derived-%d", made++);
    CHECK(mkdir(name, 0777) == 0 || errno == EEXIST);
    DIR *const d = opendir(from);
    CHECK(d != NULL);
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "config.json") == 0) continue;
        ift_str_clear(&path);
        ift_str_clear(&target);
        ift_str_addf(&path, "%s/%s", name, e->d_name);
        ift_str_addf(&target, "%s/%s", from, e->d_name);
        unlink(path.p);
        CHECK(symlink(target.p, path.p) == 0);
    }
    if (d) closedir(d);
    ift_str_clear(&path);
    ift_str_addf(&path, "%s/config.json", name);
    FILE *const f = fopen(path.p, "w");
    CHECK(f && fwrite(config, 1, n, f) == n && fclose(f) == 0);
    ift_str_release(&path);
    ift_str_release(&target);
    return ift_strdup(name);
}

/* The case's model folder. The vocabulary of a small Baichuan 2 does not tell that it is one: its
 * config.json says so here. */
static inline char *model_folder(const struct golden_case *c) {
    struct ift_err err = {0};
    struct ift_str text = {0}, said = {0};
    char *const dir = golden_join(c->dir, "model");
    const int family = at(c, "family", NULL);
    const struct ift_slice raw =
        family >= 0 ? ift_json_raw(&c->doc, family) : (struct ift_slice){"", 0};
    if (raw.n < 10 || strncmp(raw.p + 1, "baichuan2", 9) != 0) return dir;
    char *const path = golden_join(dir, "config.json");
    CHECK_OK(ift_in_slurp(path, &text, 0, &err), &err);
    ift_str_adds(&said, "{\"norm_head\": true,");
    ift_str_adds(&said, strchr(text.p, '{') + 1);
    char *const derived = with_config(dir, said.p, said.n);
    ift_str_release(&text);
    ift_str_release(&said);
    free(path);
    free(dir);
    return derived;
}

/* ---- whole rows ---- */

static inline struct golden_batch batch_of(const struct golden_case *c, const char *prefix) {
    struct golden_batch b = golden_batch(c->io, prefix);
    b.padding_counts = at(c, "family", NULL) < 0;
    return b;
}

/* Runs the batch of "<prefix>" and compares its logits with "<prefix>logits" of `io`. */
static inline double logits_error(const struct golden_case *c, struct golden_run *r,
                                  const struct golden_batch *b, const struct ift_tensor *want) {
    float *const logits = golden_logits(r, b, ift_model_config(c->m)->vocab);
    const double e = golden_rows_error(b, logits, want);
    free(logits);
    return e;
}

/* ---- all cases ---- */

typedef void case_check(struct golden_case *c);

/* false: the family is not supported. */
static inline bool run_case(const char *root, const char *name, struct ift_device *device,
                            case_check *check) {
    struct ift_err err = {0};
    char *const dir = golden_join(root, name);
    struct golden_case c = {.dir = dir, .name = name, .device = device};
    bool known = true;
    if (read_case(&c)) {
        char *const folder = model_folder(&c);
        /* Binding for training comes first, so each case opens its own model. */
        if (ift_model_open(&c.m, folder, &err) == 0) {
            char *const io = golden_join(dir, "io.safetensors");
            if (access(io, F_OK) == 0) c.io = golden_open(dir, "io.safetensors");
            free(io);
            check(&c);
            ift_safetensors_free(c.io);
        } else if (strstr(err.text, "is not known, only") || strstr(err.text, "\"pre_seq_len\"")) {
            printf("%s: SKIPPED, not supported: %s\n", name, err.text);
            known = false;
        } else {
            CHECK_OK(-1, &err);
        }
        ift_model_free(c.m);
        free(folder);
    }
    ift_json_release(&c.doc);
    ift_str_release(&c.text);
    free(dir);
    return known;
}

static inline int visible(const struct dirent *e) {
    return e->d_name[0] != '.';
}

/* Arguments, where given, name the cases to run. */
static inline void run_folder(const char *root, int names, char *const *name,
                              struct ift_device *device, case_check *check, size_t *cases,
                              size_t *skipped) {
    struct dirent **entry = NULL;
    const int n = scandir(root, &entry, visible, alphasort);
    for (int i = 0; i < n; i++) {
        bool chosen = names == 0;
        for (int k = 0; k < names; k++) chosen = chosen || strcmp(name[k], entry[i]->d_name) == 0;
        struct ift_str model = {0};
        ift_str_addf(&model, "%s/%s/model", root, entry[i]->d_name);
        if (chosen && access(model.p, F_OK) == 0) {
            ++*cases;
            *skipped += !run_case(root, entry[i]->d_name, device, check);
        }
        ift_str_release(&model);
        free(entry[i]);
    }
    free(entry);
}

static inline int families_main(int argc, char **argv, case_check *check) {
    struct ift_err err = {0};
    struct ift_device device;
    size_t cases = 0, skipped = 0;
    char *const own = golden_path("SRC", "tests/golden/model");
    char *const shared = golden_path("SHARED", "golden/model");
    if (!own && !shared) check_skip("no reference model cases");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (own) run_folder(own, argc - 1, argv + 1, &device, check, &cases, &skipped);
    if (shared) run_folder(shared, argc - 1, argv + 1, &device, check, &cases, &skipped);
    printf("%zu cases, %zu of them skipped\n", cases, skipped);
    CHECK(cases > skipped);
    free(own);
    free(shared);
    ift_device_close(&device);
    return check_done();
}

#endif
