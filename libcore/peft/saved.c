#include "libcore/peft/saved.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int add(struct ift_saved *s, const char *text, size_t n, struct ift_err *err) {
    struct ift_str pattern = {0};
    s->item = ift_realloc(s->item, s->n + 1, sizeof *s->item);
    struct ift_saved_name *const name = &s->item[s->n];
    *name = (struct ift_saved_name){.text = ift_arena_strndup(&s->arena, text, n)};
    ift_str_addf(&pattern, "(?:.*\\.)?(?:%s)(?:\\..*)?", name->text);
    const int rc = ift_pattern_new(&name->inside, pattern.p, err);
    ift_str_release(&pattern);
    if (rc == 0) s->n++;
    return rc;
}

static bool ends(const char *name, size_t n, const char *end) {
    const size_t k = strlen(end);
    return k && k <= n && memcmp(name + n - k, end, k) == 0;
}

static bool means(const struct ift_saved *s, const char *module, size_t n) {
    for (size_t i = 0; i < s->n; i++) {
        if (ends(module, n, s->item[i].text)) return true;
    }
    return false;
}

int ift_saved_module(const struct ift_saved *s, const char *weight, size_t *n,
                     struct ift_err *err) {
    *n = 0;
    for (const char *dot = strchr(weight, '.'); dot; dot = strchr(dot + 1, '.')) {
        const size_t k = (size_t)(dot - weight);
        if (!means(s, weight, k)) continue;
        if (isdigit((unsigned char)dot[1]))
            return IFT_FAIL(err,
                            "modules_to_save: \"%.*s\" is a list of modules: name what is in it",
                            (int)k, weight);
        if (*n)
            return IFT_FAIL(err, "modules_to_save: \"%.*s\" is inside \"%.*s\": name one of them",
                            (int)k, weight, (int)*n, weight);
        *n = k;
    }
    return 0;
}

bool ift_saved_excludes(const struct ift_saved *s, const char *module) {
    for (size_t i = 0; i < s->n; i++) {
        if (ift_pattern_matches(s->item[i].inside, module)) return true;
    }
    return false;
}

/* ---- tables ---- */

/* The module of a weight, without what it is in. */
static struct ift_slice short_name(const char *weight) {
    const size_t n = (size_t)(strrchr(weight, '.') - weight);
    size_t from = n;
    while (from && weight[from - 1] != '.') from--;
    return (struct ift_slice){weight + from, n - from};
}

static bool means_weight(const struct ift_saved *s, const char *weight) {
    return means(s, weight, (size_t)(strrchr(weight, '.') - weight));
}

static int add_table(struct ift_saved *s, const char *weight, struct ift_err *err) {
    if (means_weight(s, weight)) return 0;
    const struct ift_slice name = short_name(weight);
    return add(s, name.p, name.n, err);
}

/* Both tables where one is meant and they are one matrix, or where both are new. */
static int add_tables(struct ift_saved *s, const struct ift_model *m, struct ift_err *err) {
    const struct ift_arch *const a = ift_model_arch(m);
    const bool one = means_weight(s, a->embed_name) || means_weight(s, a->head_name);
    s->tied = ift_model_config(m)->tied && (one || ift_model_is_grown(m));
    if (!s->tied && !ift_model_is_grown(m)) return 0;
    IFT_TRY(add_table(s, a->embed_name, err));
    return add_table(s, a->head_name, err);
}

int ift_saved_make(struct ift_saved *s, const struct ift_peft_options *o, const struct ift_model *m,
                   struct ift_err *err) {
    for (const char *p = o->modules_to_save ? o->modules_to_save : ""; *p;) {
        const size_t n = strcspn(p, ",");
        if (n) IFT_TRY(add(s, p, n, err));
        p += n + (p[n] == ',');
    }
    return add_tables(s, m, err);
}

/* ---- configurations ---- */

static int add_node(struct ift_saved *s, const struct ift_json *doc, int node,
                    struct ift_err *err) {
    if (!ift_json_is(doc, node, IFT_JSON_STRING))
        return IFT_FAIL(err, "\"modules_to_save\" holds something else than names");
    struct ift_str text = {0};
    ift_json_text(doc, node, &text);
    const int rc = text.n ? add(s, text.p, text.n, err) : 0;
    ift_str_release(&text);
    return rc;
}

/* As PEFT decides it: by these two names, whatever the family calls its tables. */
static bool names_table(const struct ift_saved *s) {
    for (size_t i = 0; i < s->n; i++) {
        const char *const dot = strrchr(s->item[i].text, '.');
        const char *const last = dot ? dot + 1 : s->item[i].text;
        if (strcmp(last, "embed_tokens") == 0 || strcmp(last, "lm_head") == 0) return true;
    }
    return false;
}

int ift_saved_read(struct ift_saved *s, const struct ift_json *doc, int root,
                   const struct ift_model *m, struct ift_err *err) {
    const int list = ift_json_get(doc, root, "modules_to_save");
    bool ensure;
    IFT_TRY(ift_json_get_bool(doc, root, "ensure_weight_tying", false, &ensure, err));
    if (list >= 0 && !ift_json_is(doc, list, IFT_JSON_NULL) &&
        !ift_json_is(doc, list, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "\"modules_to_save\" is not a list of names");
    for (int v = ift_json_first(doc, list); v >= 0; v = ift_json_next(doc, list, v))
        IFT_TRY(add_node(s, doc, v, err));
    s->tied = ensure && ift_model_config(m)->tied && names_table(s);
    if (!s->tied) return 0;
    IFT_TRY(add_table(s, ift_model_arch(m)->embed_name, err));
    return add_table(s, ift_model_arch(m)->head_name, err);
}

void ift_saved_release(struct ift_saved *s) {
    for (size_t i = 0; i < s->n; i++) ift_pattern_free(s->item[i].inside);
    free(s->item);
    ift_arena_release(&s->arena);
    *s = (struct ift_saved){0};
}
