#include "libcore/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/model/model_internal.h"

enum { MAX_CONFIG = 16 << 20 };

char *ift_model_path(const char *dir, const char *file) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", dir, file);
    return ift_str_take(&path);
}

struct ift_graph *ift_model_outline(const struct ift_arch *arch, const struct ift_config *c,
                                    struct ift_err *err) {
    struct ift_graph *const g = ift_graph_new();
    struct ift_build b = {0};
    ift_build_begin_config(&b, arch, c, g);
    ift_graph_keep(g, ift_build_logits(&b, ift_build_forward(&b)));
    if (ift_graph_check(g, err) == 0) return g;
    ift_graph_free(g);
    return NULL;
}

bool ift_model_is_weight(const struct ift_value *v) {
    return v->role == IFT_PARAM && strcmp(v->name, "rope.table") != 0 &&
           strcmp(v->name, "alibi.slopes") != 0;
}

/* ---- names ---- */

/* What `name` says behind the family's prefix; NULL when it does not begin with it. */
static const char *behind_prefix(const struct ift_arch *arch, const char *name) {
    const size_t n = arch->prefix ? strlen(arch->prefix) : 0;
    return n && strncmp(name, arch->prefix, n) == 0 ? name + n : NULL;
}

const struct ift_tensor *ift_model_find(const struct ift_model *m, const char *name) {
    const struct ift_tensor *const t = ift_weights_find(m->weights, name);
    const char *const rest = behind_prefix(m->arch, name);
    return t || !rest ? t : ift_weights_find(m->weights, rest);
}

void ift_model_name(const struct ift_model *m, const struct ift_tensor *t, struct ift_str *out) {
    const struct ift_arch *const a = m->arch;
    const bool head = strcmp(t->name, a->head_name) == 0 ||
                      (a->head_bias_name && strcmp(t->name, a->head_bias_name) == 0);
    const bool whole = !a->prefix || head || behind_prefix(a, t->name);
    ift_str_addf(out, "%s%s", whole ? "" : a->prefix, t->name);
}

/* ---- checking ---- */

static void add_shape(struct ift_str *out, int ndim, const int64_t *dim) {
    ift_str_addc(out, '(');
    for (int i = 0; i < ndim; i++) ift_str_addf(out, "%s%lld", i ? ", " : "", (long long)dim[i]);
    ift_str_addc(out, ')');
}

static int check_weight(const struct ift_model *m, const struct ift_value *v, struct ift_err *err) {
    const struct ift_tensor *const t = ift_model_find(m, v->name);
    if (!t)
        return IFT_FAIL(err, "%s: no weight \"%s\", which its config.json asks for", m->dir,
                        v->name);
    if (!ift_dtype_is_float(t->dtype))
        return IFT_FAIL(err, "%s: \"%s\" is of %s", m->dir, v->name, ift_dtype_name(t->dtype));
    if (t->ndim == v->ndim && memcmp(t->dim, v->dim, (size_t)t->ndim * sizeof *t->dim) == 0)
        return 0;
    struct ift_str is = {0}, want = {0};
    add_shape(&is, t->ndim, t->dim);
    add_shape(&want, v->ndim, v->dim);
    ift_fail(err, "%s: \"%s\" has shape %s, its config.json asks for %s", m->dir, v->name, is.p,
             want.p);
    ift_str_release(&is);
    ift_str_release(&want);
    return -1;
}

static bool is_buffer(const struct ift_arch *arch, const char *name) {
    const size_t n = strlen(name);
    for (const char *const *end = arch->buffers; *end; end++) {
        const size_t k = strlen(*end);
        if (n >= k && strcmp(name + n - k, *end) == 0) return true;
    }
    return false;
}

bool ift_model_is_copy(const struct ift_model *m, const struct ift_tensor *t) {
    const struct ift_tensor *const e = ift_model_find(m, m->arch->embed_name);
    return m->config.tied && strcmp(t->name, m->arch->head_name) == 0 && e &&
           e->dtype == t->dtype && e->bytes == t->bytes && memcmp(e->data, t->data, t->bytes) == 0;
}

bool ift_model_is_spare(const struct ift_model *m, const struct ift_tensor *t) {
    return is_buffer(m->arch, t->name) || ift_model_is_copy(m, t);
}

/* Is this tensor one that g reads? */
static bool is_used(const struct ift_model *m, const struct ift_graph *g,
                    const struct ift_tensor *t) {
    struct ift_str name = {0};
    ift_model_name(m, t, &name);
    const bool used = ift_graph_find(g, name.p) && ift_model_find(m, name.p) == t;
    ift_str_release(&name);
    return used;
}

static int check_weights(const struct ift_model *m, struct ift_err *err) {
    struct ift_graph *const g = ift_model_outline(m->arch, &m->config, err);
    if (!g) return ift_fail_in(err, "%s/config.json", m->dir);
    int rc = 0;
    for (size_t v = 1; rc == 0 && v <= ift_graph_values(g); v++) {
        const struct ift_value *const value = ift_graph_value(g, (ift_val)v);
        if (ift_model_is_weight(value)) rc = check_weight(m, value, err);
    }
    for (size_t i = 0; rc == 0 && i < ift_weights_count(m->weights); i++) {
        const struct ift_tensor *const t = ift_weights_at(m->weights, i);
        if (is_used(m, g, t) || ift_model_is_spare(m, t)) continue;
        rc = IFT_FAIL(err, "%s: \"%s\" is no weight of the %s that its config.json describes",
                      m->dir, t->name, m->config.model_type);
    }
    ift_graph_free(g);
    return rc;
}

/* ---- opening ---- */

static int read_config(struct ift_model *m, struct ift_err *err) {
    char *const path = ift_model_path(m->dir, "config.json");
    const int rc = ift_in_slurp(path, &m->config_text, MAX_CONFIG, err);
    free(path);
    return rc;
}

static int read_generation(struct ift_model *m, struct ift_err *err) {
    char *const path = ift_model_path(m->dir, "generation_config.json");
    struct ift_str text = {0};
    struct ift_json doc = {0};
    int rc = access(path, F_OK) != 0 ? 0 : ift_in_slurp(path, &text, MAX_CONFIG, err);
    if (rc == 0 && text.n) {
        rc = ift_json_parse(&doc, text.p, text.n, err);
        if (rc == 0) rc = ift_config_eos(&doc, 0, &m->config, err);
        if (rc < 0) ift_fail_in(err, "%s", path);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    free(path);
    return rc;
}

int ift_model_configure(struct ift_model *m, struct ift_err *err) {
    const struct ift_str *const text = &m->config_text;
    if (ift_arch_configure(text->p ? text->p : "", text->n, &m->arch, &m->config, err) < 0)
        return ift_fail_in(err, "%s/config.json", m->dir);
    return read_generation(m, err);
}

int ift_model_open(struct ift_model **out, const char *dir, struct ift_err *err) {
    struct stat st;
    if (stat(dir, &st) != 0) return ift_fail_errno(err, "%s", dir);
    if (!S_ISDIR(st.st_mode)) return IFT_FAIL(err, "%s: not a model folder", dir);
    struct ift_model *const m = ift_alloc0(1, sizeof *m);
    m->dir = ift_strdup(dir);
    int rc = read_config(m, err);
    if (rc == 0) rc = ift_model_configure(m, err);
    if (rc == 0) rc = ift_weights_open_model(&m->weights, dir, err);
    if (rc == 0) rc = check_weights(m, err);
    if (rc < 0) {
        ift_model_free(m);
        return -1;
    }
    m->slot = ift_alloc0(ift_weights_count(m->weights), sizeof *m->slot);
    *out = m;
    return 0;
}

void ift_model_free(struct ift_model *m) {
    if (!m) return;
    for (size_t i = 0; m->slot && i < ift_weights_count(m->weights); i++) {
        if (m->slot[i].wide.buf) ift_device_free(m->device, &m->slot[i].wide);
        if (m->slot[i].half.buf) ift_device_free(m->device, &m->slot[i].half);
    }
    for (size_t i = 0; i < m->tables; i++) ift_device_free(m->device, &m->table[i]);
    free(m->slot);
    free(m->table);
    ift_weights_free(m->weights);
    ift_str_release(&m->config_text);
    free(m->vocab);
    free(m->dir);
    free(m);
}

const char *ift_model_dir(const struct ift_model *m) {
    return m->dir;
}

const struct ift_arch *ift_model_arch(const struct ift_model *m) {
    return m->arch;
}

const struct ift_config *ift_model_config(const struct ift_model *m) {
    return &m->config;
}

const struct ift_weights *ift_model_weights(const struct ift_model *m) {
    return m->weights;
}

uint64_t ift_model_digest(const struct ift_model *m) {
    struct ift_hasher *const h = ift_hasher_new();
    const uint64_t headers = ift_weights_digest(m->weights);
    ift_hasher_add(h, m->config_text.p, m->config_text.n);
    ift_hasher_add(h, &headers, sizeof headers);
    const uint64_t value = ift_hasher_value(h);
    ift_hasher_free(h);
    return value;
}

void ift_build_begin(struct ift_build *b, const struct ift_model *m, struct ift_graph *g) {
    ift_build_begin_config(b, m->arch, &m->config, g);
}
