#include "libcore/data/recipe_show.h"

#include <string.h>

#include "libcore/base/data.h"

static const char *header(const struct ift_recipe *r, const char *key) {
    const char *const value = ift_recipe_header(r, key);
    return value ? value : "-";
}

int ift_recipe_show_all(struct ift_str *out, struct ift_err *err) {
    size_t n;
    char **const names = ift_data_list("formats", ".jq", &n);
    int status = n ? 0 : ift_data_none("formats", err);
    ift_str_addf(out, "%-24s %-5s %-5s %-3s %9s  %s\n", "name", "lang", "task", "gen", "records",
                 "title");
    for (size_t i = 0; i < n && status == 0; i++) {
        struct ift_recipe *r;
        status = ift_recipe_open(&r, names[i], IFT_RECIPE_AUTO, NULL, 0, err);
        if (status < 0) break;
        ift_str_addf(out, "%-24s %-5s %-5s %-3s %9s  %s\n", names[i], header(r, "lang"),
                     header(r, "task"), header(r, "gen"), header(r, "records"), header(r, "title"));
        ift_recipe_free(r);
    }
    ift_data_list_free(names, n);
    return status;
}

void ift_recipe_show_engine(const struct ift_recipe *r, struct ift_str *out) {
    ift_str_addf(out, "%-8s %s\n", "engine", ift_recipe_engine_name[ift_recipe_engine(r)]);
    const char *const why = ift_recipe_why_libjq(r);
    if (why) ift_str_addf(out, "%-8s %s\n", "because", why);
}

int ift_recipe_show(const char *name, struct ift_str *out, struct ift_err *err) {
    struct ift_recipe *r;
    IFT_TRY(ift_recipe_open(&r, name, IFT_RECIPE_AUTO, NULL, 0, err));
    ift_str_addf(out, "%-8s %s\n", "name", name);
    for (const char *const *key = ift_recipe_keys; *key; key++) {
        const char *const value = ift_recipe_header(r, *key);
        if (value) ift_str_addf(out, "%-8s %s\n", *key, value);
    }
    ift_recipe_show_engine(r, out);
    ift_recipe_free(r);
    return 0;
}
