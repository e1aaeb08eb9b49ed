/* An adapter folder of any version of PEFT: what it asks of the model, and its tensors. */
#include <stdlib.h>
#include <string.h>

#include "libcore/io/stream.h"
#include "libcore/peft/method.h"

/* ---- names ---- */

/* Is the weight one of the tables, which PEFT also saves unasked when their rows were changed? */
static bool is_table(const struct ift_model *m, const char *name) {
    const struct ift_arch *const a = ift_model_arch(m);
    return strcmp(name, a->embed_name) == 0 || strcmp(name, a->head_name) == 0 ||
           (a->head_bias_name && strcmp(name, a->head_bias_name) == 0);
}

/* Appends the name under which PEFT's newest version saves a tensor; false for one that it leaves
 * in the file and does not use: what the base had in place of a saved module. */
static bool tensor_name(const struct ift_peft_method *method, const char *name,
                        struct ift_str *out) {
    static const char wrapper[] = ".modules_to_save", adapter[] = ".default";
    if (strstr(name, ".original_module.")) return false;
    struct ift_str plain = {0};
    const char *const at = strstr(name, wrapper);
    ift_str_add(&plain, name, at ? (size_t)(at - name) : strlen(name));
    const char *rest = at ? at + strlen(wrapper) : "";
    if (strncmp(rest, adapter, strlen(adapter)) == 0) rest += strlen(adapter);
    ift_str_adds(&plain, rest);
    method->rename(plain.p, out);
    ift_str_release(&plain);
    return true;
}

/* The tensor of the file that replaces the weight; NULL: none. */
static const struct ift_tensor *find_saved(const struct ift_peft_method *method,
                                           const struct ift_weights *file, const char *weight) {
    static const char prefix[] = IFT_SAVED_PREFIX;
    const struct ift_tensor *found = NULL;
    struct ift_str name = {0};
    for (size_t i = 0; !found && weight && i < ift_weights_count(file); i++) {
        ift_str_clear(&name);
        if (tensor_name(method, ift_weights_at(file, i)->name, &name) &&
            strncmp(name.p, prefix, strlen(prefix)) == 0 &&
            strcmp(name.p + strlen(prefix), weight) == 0)
            found = ift_weights_at(file, i);
    }
    ift_str_release(&name);
    return found;
}

/* ---- tensors ---- */

static struct ift_peft_param *find_param(const struct ift_peft *p, const char *name) {
    for (size_t i = 0; i < p->params; i++) {
        if (strcmp(p->param[i].name, name) == 0) return &p->param[i];
    }
    return NULL;
}

/* Takes a tensor of the file. 1: it is of no parameter. */
static int read_tensor(struct ift_peft *p, const struct ift_tensor *t, const char *name, bool *seen,
                       struct ift_err *err) {
    struct ift_peft_param *const q = find_param(p, name);
    if (!q) return 1;
    if (t->ndim != q->ndim || memcmp(t->dim, q->dim, (size_t)t->ndim * sizeof *t->dim) != 0)
        return IFT_FAIL(err,
                        "\"%s\" has another shape than the configuration and the model ask for",
                        t->name);
    const size_t n = ift_peft_count(q);
    float *const values = ift_alloc(n * sizeof *values);
    if (ift_to_f32(values, t->data, t->dtype, n, err) < 0) {
        free(values);
        return ift_fail_in(err, "\"%s\"", t->name);
    }
    if (seen[q - p->param]) {
        const bool same = memcmp(values, q->host, n * sizeof *values) == 0;
        free(values);
        return same && q->base ? 0
                               : IFT_FAIL(err, "\"%s\" is there twice under two names", t->name);
    }
    free(q->host);
    q->host = values;
    seen[q - p->param] = true;
    return 0;
}

/* Of one copy for both tables PEFT writes two. */
static const char *other_name(const struct ift_peft *p, const char *name) {
    const struct ift_arch *const a = ift_model_arch(p->model);
    static const char prefix[] = IFT_SAVED_PREFIX;
    const size_t n = strlen(prefix);
    const bool head = strncmp(name, prefix, n) == 0 && strcmp(name + n, a->head_name) == 0;
    if (!head || !ift_model_config(p->model)->tied) return NULL;
    for (size_t i = 0; i < p->params; i++)
        if (p->param[i].base && strcmp(p->param[i].base, a->embed_name) == 0)
            return p->param[i].name;
    return NULL;
}

/* Every tensor of the file has its parameter, and every parameter its tensor. */
static int read_weights(struct ift_peft *p, const struct ift_weights *w, struct ift_err *err) {
    struct ift_str name = {0};
    bool *const seen = ift_alloc0(p->params + 1, sizeof *seen);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ift_weights_count(w); i++) {
        const struct ift_tensor *const t = ift_weights_at(w, i);
        ift_str_clear(&name);
        if (!tensor_name(p->method, t->name, &name)) continue;
        const char *const other = other_name(p, name.p);
        rc = read_tensor(p, t, other ? other : name.p, seen, err);
        if (rc > 0) rc = IFT_FAIL(err, "nothing in the configuration asks for \"%s\"", t->name);
        ift_weights_forget(w, t);
    }
    for (size_t i = 0; rc == 0 && i < p->params; i++) {
        if (!seen[i]) rc = IFT_FAIL(err, "no \"%s\"", p->param[i].name);
    }
    free(seen);
    ift_str_release(&name);
    return rc;
}

/* ---- the folder ---- */

static const struct ift_peft_method *find_type(const struct ift_json *doc, struct ift_err *err) {
    const int type = ift_json_get(doc, 0, "peft_type");
    for (const struct ift_peft_method *const *method = ift_peft_known; *method; method++) {
        if ((*method)->peft_type && ift_json_text_is(doc, type, (*method)->peft_type))
            return *method;
    }
    const struct ift_slice raw = type < 0 ? ift_slice("missing") : ift_json_raw(doc, type);
    ift_fail(err, "\"peft_type\" %.*s is not supported", IFT_SHOWN(raw));
    return NULL;
}

/* An adapter folder being opened. */
struct reading {
    struct ift_model *model;
    const char *dir;
    struct ift_str text;
    struct ift_json doc;
    const struct ift_peft_method *method;
    struct ift_saved saved;
    struct ift_weights *file;
};

static int read_config(struct reading *r, const char *path, struct ift_err *err) {
    IFT_TRY(ift_in_slurp(path, &r->text, 16 << 20, err));
    int rc = ift_json_parse(&r->doc, r->text.p, r->text.n, err);
    if (rc == 0) rc = (r->method = find_type(&r->doc, err)) ? 0 : -1;
    if (rc == 0) rc = ift_saved_read(&r->saved, &r->doc, 0, r->model, err);
    return rc < 0 ? ift_fail_in(err, "%s", path) : 0;
}

/* More rows than the model's are fine where the adapter brings every table. */
static int widen(const struct reading *r, struct ift_err *err) {
    const struct ift_arch *const a = ift_model_arch(r->model);
    const bool tied = ift_model_config(r->model)->tied;
    const char *const table[] = {a->embed_name, tied ? NULL : a->head_name, a->head_bias_name};
    int64_t rows = ift_model_config(r->model)->vocab;
    const int64_t were = rows;
    for (size_t i = 0; i < 3; i++) {
        const struct ift_tensor *const t = find_saved(r->method, r->file, table[i]);
        if (t && t->ndim > 0 && t->dim[0] > rows) rows = t->dim[0];
    }
    if (rows == were) return 0;
    for (size_t i = 0; i < 3; i++) {
        const struct ift_tensor *const t = find_saved(r->method, r->file, table[i]);
        if (!table[i] || (t && t->dim[0] == rows)) continue;
        return IFT_FAIL(
            err,
            "%s has %lld rows for a vocabulary, and no \"%s\" of so many; the model has "
            "%lld: grow it with ift-merge --vocab first",
            r->dir, (long long)rows, table[i], (long long)were);
    }
    return ift_model_widen(r->model, rows, err);
}

/* Makes of the model what PEFT makes of it for this adapter. */
static int fit_model(const struct reading *r, struct ift_err *err) {
    const struct ift_arch *const a = ift_model_arch(r->model);
    const char *const table[] = {a->embed_name, a->head_name};
    for (size_t i = 0; i < 2; i++) {
        size_t module;
        IFT_TRY(ift_saved_module(&r->saved, table[i], &module, err));
        if (module && !r->saved.tied) IFT_TRY(ift_model_untie(r->model, err));
    }
    IFT_TRY(widen(r, err));
    if (find_saved(r->method, r->file, a->embed_name)) ift_model_adopt_vocab(r->model, r->dir);
    return 0;
}

/* Tables of the file that the configuration does not ask for. */
static void add_tables(struct ift_peft *p, const struct ift_weights *file) {
    for (size_t i = 0; i < p->weights; i++) {
        const struct ift_peft_weight *const w = &p->weight[i];
        size_t k = 0;
        while (k < p->params && !(p->param[k].base && strcmp(p->param[k].base, w->name) == 0)) k++;
        if (k == p->params && is_table(p->model, w->name) && find_saved(p->method, file, w->name))
            ift_peft_add_saved(p, w);
    }
}

static int read_method(struct ift_peft *p, const struct reading *r, const char *path,
                       struct ift_err *err) {
    int rc = p->method->read(p, &r->doc, 0, err);
    if (rc == 0) rc = ift_peft_add_modules(p, err);
    if (rc == 0) add_tables(p, r->file);
    return rc < 0 ? ift_fail_in(err, "%s", path) : 0;
}

static int read_folder(struct reading *r, const char *path, struct ift_peft **p,
                       struct ift_err *err) {
    IFT_TRY(read_config(r, path, err));
    IFT_TRY(ift_weights_open_adapter(&r->file, r->dir, err));
    IFT_TRY(fit_model(r, err));
    *p = ift_peft_begin(r->model, r->method, &r->saved);
    IFT_TRY(read_method(*p, r, path, err));
    return read_weights(*p, r->file, err) < 0 ? ift_fail_in(err, "%s", r->dir) : 0;
}

int ift_peft_open(struct ift_peft **out, struct ift_model *m, const char *dir,
                  struct ift_err *err) {
    struct reading r = {.model = m, .dir = dir};
    struct ift_str path = {0};
    struct ift_peft *p = NULL;
    ift_str_addf(&path, "%s/%s", dir, "adapter_config.json");
    const int rc = read_folder(&r, path.p, &p, err);
    ift_str_release(&path);
    ift_weights_free(r.file);
    ift_saved_release(&r.saved);
    ift_json_release(&r.doc);
    ift_str_release(&r.text);
    if (rc == 0)
        *out = p;
    else
        ift_peft_free(p);
    return rc;
}
