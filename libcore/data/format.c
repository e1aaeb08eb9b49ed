#include "libcore/data/format.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/data/filter.h"

static int open_recipe(const struct ift_format *f, struct ift_recipe **r, struct ift_err *err) {
    int engine = IFT_RECIPE_AUTO;
    while (strcmp(ift_recipe_engine_name[engine], f->engine) != 0) engine++;
    if (f->from) return ift_recipe_open(r, f->from, (enum ift_recipe_engine)engine, NULL, 0, err);
    return ift_recipe_compile(r, "--jq", ift_slice(f->program), (enum ift_recipe_engine)engine,
                              NULL, 0, err);
}

static void *worker_new(void *ctx, struct ift_err *err) {
    struct ift_recipe *recipe;
    return open_recipe(ctx, &recipe, err) < 0 ? NULL : recipe;
}

static void worker_free(void *ctx, void *recipe) {
    (void)ctx;
    ift_recipe_free(recipe);
}

static int map(void *ctx, void *recipe, const struct ift_item *item, struct ift_emit *emit,
               struct ift_err *err) {
    (void)ctx;
    IFT_TRY(ift_recipe_run(recipe, item->text, err));
    const struct ift_json *value;
    int got;
    while ((got = ift_recipe_next(recipe, &value, err)) > 0) {
        bool empty = false;
        IFT_TRY(ift_record_complete(value, emit->out, &empty, err));
        ift_emit_end(emit);
        emit->note[0] += empty;
    }
    return got;
}

int ift_format_run(const struct ift_format *f, const struct ift_run *run, struct ift_err *err) {
    struct ift_recipe *recipe; /* for its header; the workers have theirs */
    IFT_TRY(open_recipe(f, &recipe, err));
    const struct ift_filter filter = {
        .member = f->member,
        .read = ift_recipe_reads(recipe),
        .as = ift_record_as(f->as),
        .local_new = worker_new,
        .local_free = worker_free,
        .map = map,
        .note = {"with an empty output"},
    };
    const int status = ift_filter_run(&filter, (void *)f, run, err);
    ift_recipe_free(recipe);
    return status;
}

/* ---- the catalogue ---- */

static const char *header(const struct ift_recipe *r, const char *key) {
    const char *const value = ift_recipe_header(r, key);
    return value ? value : "-";
}

int ift_format_list(struct ift_str *out, struct ift_err *err) {
    size_t n;
    char **const names = ift_data_list("formats", ".jq", &n);
    int status = 0;
    ift_str_addf(out, "%-16s %-4s %-4s %-4s %9s  %s\n", "name", "lang", "task", "gen", "records",
                 "title");
    for (size_t i = 0; i < n && status == 0; i++) {
        struct ift_recipe *r;
        status = ift_recipe_open(&r, names[i], IFT_RECIPE_AUTO, NULL, 0, err);
        if (status < 0) break;
        ift_str_addf(out, "%-16s %-4s %-4s %-4s %9s  %s\n", names[i], header(r, "lang"),
                     header(r, "task"), header(r, "gen"), header(r, "records"), header(r, "title"));
        ift_recipe_free(r);
    }
    ift_data_list_free(names, n);
    return status;
}

int ift_format_describe(const char *name, struct ift_str *out, struct ift_err *err) {
    struct ift_recipe *r;
    IFT_TRY(ift_recipe_open(&r, name, IFT_RECIPE_AUTO, NULL, 0, err));
    ift_str_addf(out, "%-8s %s\n", "name", name);
    for (const char *const *key = ift_recipe_keys; *key; key++) {
        const char *const value = ift_recipe_header(r, *key);
        if (value) ift_str_addf(out, "%-8s %s\n", *key, value);
    }
    ift_str_addf(out, "%-8s %s\n", "engine", ift_recipe_engine_name[ift_recipe_engine(r)]);
    const char *const why = ift_recipe_why_libjq(r);
    if (why) ift_str_addf(out, "%-8s %s\n", "because", why);
    ift_recipe_free(r);
    return 0;
}
