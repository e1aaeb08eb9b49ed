/* lora.c: low-rank adaptation (Hu et al., 2021), as peft/tuners/lora/layer.py computes it:
 *     y = W x + b + s B (A drop(x))      A (r, in), B (out, r)      merged W' = W + s B A */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/peft/lora_config.h"
#include "libcore/peft/method.h"

enum { STREAM = 0x6c6f7261 }; /* keeps initial values apart from other uses of a seed */

/* An adapted module. */
struct site {
    const char *module;
    size_t a, b; /* parameters */
    int64_t rank;
    float scale;
    bool transposed; /* its weight is (in, out) */
};

struct lora {
    struct ift_lora_config config;
    struct site *site;
    size_t n;
};

static const struct site *find_site(const struct lora *l, const char *module, size_t n) {
    for (size_t i = 0; i < l->n; i++) {
        if (strncmp(l->site[i].module, module, n) == 0 && !l->site[i].module[n]) return &l->site[i];
    }
    return NULL;
}

/* ---- making ---- */

static void add_site(struct ift_peft *p, const struct ift_peft_module *m) {
    struct lora *const l = p->self;
    const int64_t r = ift_lora_config_rank(&l->config, m->name);
    struct site *const s = &l->site[l->n++];
    *s = (struct site){.module = m->name,
                       .rank = r,
                       .scale = (float)ift_lora_config_scale(&l->config, m->name),
                       .transposed = m->transposed};
    l->config.fan_in_fan_out |= m->transposed;
    s->a = ift_peft_add(p, 2, (const int64_t[]){r, m->in}, "base_model.model.%s.lora_A.weight",
                        m->name);
    s->b = ift_peft_add(p, 2, (const int64_t[]){m->out, r}, "base_model.model.%s.lora_B.weight",
                        m->name);
}

/* Embeddings and the output projection are no linear modules here. */
static int refuse_tables(const struct ift_peft *p, struct ift_err *err) {
    const struct lora *const l = p->self;
    const struct ift_arch *const arch = ift_model_arch(p->model);
    const char *const tables[] = {arch->embed_name, arch->head_name};
    for (size_t i = 0; i < 2; i++) {
        char *const module = ift_strndup(tables[i], strlen(tables[i]) - strlen(".weight"));
        const bool meant =
            ift_lora_config_targets(&l->config, module) && !ift_saved_excludes(&p->saved, module);
        if (meant)
            ift_fail(err, "\"%s\" is a target: only linear modules inside the blocks are supported",
                     module);
        free(module);
        if (meant) return -1;
    }
    return 0;
}

/* A name to save may mean a module by a part of its name, which does not take it from the targets.
 */
static int check_apart(const struct ift_peft *p, const char *module, struct ift_err *err) {
    struct ift_str weight = {0};
    size_t n;
    ift_str_addf(&weight, "%s.weight", module);
    const int rc = ift_saved_module(&p->saved, weight.p, &n, err);
    ift_str_release(&weight);
    if (rc < 0 || !n) return rc;
    return IFT_FAIL(err,
                    "\"%s\" is a target, and saved whole: say the whole names of modules to save",
                    module);
}

static int add_sites(struct ift_peft *p, struct ift_err *err) {
    struct lora *const l = p->self;
    IFT_TRY(refuse_tables(p, err));
    l->site = ift_alloc0(p->modules + 1, sizeof *l->site);
    for (size_t i = 0; i < p->modules; i++) {
        const char *const name = p->module[i].name;
        if (ift_saved_excludes(&p->saved, name) || !ift_lora_config_targets(&l->config, name))
            continue;
        IFT_TRY(check_apart(p, name, err));
        add_site(p, &p->module[i]);
    }
    return l->n ? 0 : IFT_FAIL(err, "no module of the model is a target");
}

/* A misspelt target would otherwise only be missing. */
static int check_targets(const struct ift_peft *p, struct ift_err *err) {
    const struct lora *const l = p->self;
    for (size_t t = 0; t < l->config.target.n; t++) {
        const struct ift_lora_config one = {.target = {.item = &l->config.target.item[t], .n = 1}};
        bool met = false;
        for (size_t i = 0; !met && i < p->modules; i++)
            met = ift_lora_config_targets(&one, p->module[i].name);
        if (met) continue;
        struct ift_str known = {0};
        const char *const *suffix = ift_model_arch(p->model)->linear_suffixes;
        for (; *suffix; suffix++) ift_str_addf(&known, "%s%s", known.n ? ", " : "", *suffix);
        ift_fail(err, "no module \"%s\" to adapt, only %s", l->config.target.item[t], known.p);
        ift_str_release(&known);
        return -1;
    }
    return 0;
}

/* kaiming_uniform with a = sqrt 5: uniform within 1/sqrt(in) of 0. B stays zero, so the model
 * starts as it was. */
static void init_values(struct ift_peft *p, const struct site *s, uint64_t seed) {
    const struct ift_peft_param *const a = &p->param[s->a];
    const double bound = 1 / sqrt((double)a->dim[1]);
    struct ift_rng r = ift_rng(seed, STREAM, ift_hash(a->name, strlen(a->name)));
    for (int64_t i = 0; i < a->dim[0] * a->dim[1]; i++)
        a->host[i] = (float)((2 * ift_rng_unit(&r) - 1) * bound);
}

static int lora_make(struct ift_peft *p, const struct ift_peft_options *o, struct ift_err *err) {
    struct lora *const l = p->self = ift_alloc0(1, sizeof *l);
    IFT_TRY(ift_lora_config_make(&l->config, o, ift_model_arch(p->model), err));
    IFT_TRY(check_targets(p, err));
    IFT_TRY(add_sites(p, err));
    for (size_t i = 0; i < l->n; i++) init_values(p, &l->site[i], o->seed);
    return 0;
}

static int lora_read(struct ift_peft *p, const struct ift_json *doc, int root,
                     struct ift_err *err) {
    struct lora *const l = p->self = ift_alloc0(1, sizeof *l);
    IFT_TRY(ift_lora_config_read(&l->config, doc, root, ift_model_arch(p->model), err));
    return add_sites(p, err);
}

static void lora_release(struct ift_peft *p) {
    struct lora *const l = p->self;
    if (!l) return;
    ift_lora_config_release(&l->config);
    free(l->site);
    free(l);
}

/* Old versions kept the adapter's name: "….lora_A.default.weight". */
static void lora_rename(const char *name, struct ift_str *out) {
    static const char prefix[] = "base_model.model.", adapter[] = ".default.weight";
    if (strncmp(name, prefix, strlen(prefix)) != 0) ift_str_adds(out, prefix);
    const size_t n = strlen(name), k = strlen(adapter);
    const bool named = n > k && strcmp(name + n - k, adapter) == 0;
    ift_str_add(out, name, named ? n - k : n);
    if (named) ift_str_adds(out, ".weight");
}

static void lora_write(const struct ift_peft *p, struct ift_str *config) {
    const struct lora *const l = p->self;
    ift_lora_config_write(&l->config, &p->saved, ift_model_dir(p->model), config);
}

/* ---- computing ---- */

static ift_val lora_linear(void *self, struct ift_build *b, const char *name, ift_val x,
                           ift_val weight, bool transposed, ift_val y) {
    struct ift_peft *const p = self;
    const struct lora *const l = p->self;
    const struct site *const s = find_site(l, name, strlen(name));
    (void)weight, (void)transposed;
    if (!s) return y;
    const struct ift_peft_param *const pa = &p->param[s->a], *const pb = &p->param[s->b];
    const ift_val a = ift_graph_param(b->g, pa->name, 2, pa->dim, p->training);
    const ift_val c = ift_graph_param(b->g, pb->name, 2, pb->dim, p->training);
    if (p->training && l->config.dropout > 0)
        x = ift_graph_dropout(b->g, x, (float)l->config.dropout, (uint32_t)(s - l->site),
                              ift_build_dropout_key(b));
    const ift_val h = ift_graph_linear(b->g, x, a, 0); // (N, r)
    return ift_graph_linear_add(b->g, h, c, s->scale, y);
}

/* to += f x. In steps of a fixed width, which compilers turn into vectors without being asked. */
static void add_scaled(float *restrict to, const float *restrict x, float f, int64_t n) {
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int k = 0; k < 16; k++) to[i + k] += f * x[i + k];
    }
    for (; i < n; i++) to[i] += f * x[i];
}

static int lora_merge(const struct ift_peft *p, const char *name, float *w, int ndim,
                      const int64_t *dim, struct ift_err *err) {
    static const char end[] = ".weight";
    const size_t n = strlen(name), k = strlen(end);
    const struct site *const s =
        n > k && strcmp(name + n - k, end) == 0 ? find_site(p->self, name, n - k) : NULL;
    if (!s) return 0;
    const struct ift_peft_param *const a = &p->param[s->a], *const b = &p->param[s->b];
    const int64_t in = a->dim[1], out = b->dim[0];
    if (ndim != 2 || dim[s->transposed] != out || dim[!s->transposed] != in)
        return IFT_FAIL(err, "the adapter of \"%s\" is for another shape", name);
    float *const delta = ift_alloc((size_t)in * sizeof *delta); // a row of B A
    for (int64_t o = 0; o < out; o++) {
        memset(delta, 0, (size_t)in * sizeof *delta);
        for (int64_t r = 0; r < s->rank; r++)
            add_scaled(delta, a->host + r * in, b->host[o * s->rank + r], in);
        if (s->transposed) {
            for (int64_t i = 0; i < in; i++) w[i * out + o] += s->scale * delta[i];
        } else {
            add_scaled(w + o * in, delta, s->scale, in);
        }
    }
    free(delta);
    return 1;
}

extern const struct ift_peft_method ift_peft_lora;
const struct ift_peft_method ift_peft_lora = {
    .name = "lora",
    .peft_type = "LORA",
    .attach = {.linear = lora_linear},
    .make = lora_make,
    .read = lora_read,
    .release = lora_release,
    .rename = lora_rename,
    .write = lora_write,
    .merge = lora_merge,
};
