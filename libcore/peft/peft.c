#include "libcore/peft/peft.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/io/outdir.h"
#include "libcore/io/stream.h"
#include "libcore/peft/method.h"
#include "libcore/tensor/safetensors.h"

extern const struct ift_peft_method ift_peft_lora, ift_peft_none;

static const struct ift_peft_method *const methods[] = {&ift_peft_lora, &ift_peft_none, NULL};
const char *const ift_peft_methods[] = {"lora", "none", NULL};

static const char config_name[] = "adapter_config.json",
                  weights_name[] = "adapter_model.safetensors";

static size_t count_of(const struct ift_peft_param *q) {
    return (size_t)ift_shape_count(q->ndim, q->dim);
}

/* ---- modules of the model ---- */

/* An attachment that only takes notes. */
static ift_val note_linear(void *self, struct ift_build *b, const char *name, ift_val x,
                           ift_val weight, bool transposed, ift_val y) {
    struct ift_peft *const p = self;
    const struct ift_value *const w = ift_graph_value(b->g, weight);
    (void)x;
    p->module = ift_grow(p->module, p->modules + 1, &p->module_cap, sizeof *p->module);
    p->module[p->modules++] = (struct ift_peft_module){
        .name = ift_arena_strndup(&p->arena, name, strlen(name)),
        .in = w->dim[!transposed],
        .out = w->dim[transposed],
        .transposed = transposed,
    };
    return y;
}

static struct ift_peft *peft_new(const struct ift_model *m, const struct ift_peft_method *method) {
    struct ift_peft *const p = ift_alloc0(1, sizeof *p);
    p->method = method;
    p->model = m;
    p->attach = method->attach;
    p->attach.self = p;
    const struct ift_attach notes = {.self = p, .linear = note_linear};
    struct ift_graph *const g = ift_graph_new();
    struct ift_build b = {.attach = &notes};
    ift_build_begin(&b, m, g);
    ift_build_forward(&b);
    ift_graph_free(g);
    return p;
}

size_t ift_peft_add(struct ift_peft *p, int ndim, const int64_t *dim, const char *fmt, ...) {
    struct ift_str name = {0};
    va_list args;
    va_start(args, fmt);
    ift_str_addv(&name, fmt, args);
    va_end(args);
    struct ift_peft_param q = {.name = ift_arena_strndup(&p->arena, name.p, name.n), .ndim = ndim};
    ift_str_release(&name);
    memcpy(q.dim, dim, (size_t)ndim * sizeof *dim);
    q.host = ift_alloc0(count_of(&q), sizeof *q.host);
    p->param = ift_grow(p->param, p->params + 1, &p->param_cap, sizeof *p->param);
    p->param[p->params] = q;
    return p->params++;
}

void ift_peft_free(struct ift_peft *p) {
    if (!p) return;
    p->method->release(p);
    for (size_t i = 0; i < p->params; i++) {
        if (p->param[i].device.buf) ift_device_free(p->device, &p->param[i].device);
        free(p->param[i].host);
    }
    free(p->param);
    free(p->module);
    ift_arena_release(&p->arena);
    free(p);
}

int ift_peft_new(struct ift_peft **out, const struct ift_model *m, const struct ift_peft_options *o,
                 struct ift_err *err) {
    for (const struct ift_peft_method *const *method = methods; *method; method++) {
        if (strcmp((*method)->name, o->method) != 0) continue;
        struct ift_peft *const p = peft_new(m, *method);
        if ((*method)->make(p, o, err) == 0) {
            *out = p;
            return 0;
        }
        ift_peft_free(p);
        return -1;
    }
    return IFT_FAIL(err, "tuning method \"%s\" is not known", o->method);
}

/* ---- reading an adapter folder ---- */

static const struct ift_peft_method *find_type(const struct ift_json *doc, struct ift_err *err) {
    const int type = ift_json_get(doc, 0, "peft_type");
    for (const struct ift_peft_method *const *method = methods; *method; method++) {
        if ((*method)->peft_type && ift_json_text_is(doc, type, (*method)->peft_type))
            return *method;
    }
    const struct ift_slice raw = type < 0 ? ift_slice("missing") : ift_json_raw(doc, type);
    ift_fail(err, "\"peft_type\" %.*s is not supported", raw.n < 60 ? (int)raw.n : 60, raw.p);
    return NULL;
}

static int read_config(struct ift_peft **out, const struct ift_model *m, const char *path,
                       struct ift_err *err) {
    struct ift_str text = {0};
    struct ift_json doc = {0};
    struct ift_peft *p = NULL;
    int rc = ift_in_slurp(path, &text, 16 << 20, err);
    if (rc == 0) {
        rc = ift_json_parse(&doc, text.p ? text.p : "", text.n, err);
        const struct ift_peft_method *const method = rc == 0 ? find_type(&doc, err) : NULL;
        if (method) {
            p = peft_new(m, method);
            rc = method->read(p, &doc, 0, err);
        }
        if (rc < 0 || !method) rc = ift_fail_in(err, "%s", path);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    if (rc == 0)
        *out = p;
    else
        ift_peft_free(p);
    return rc;
}

static struct ift_peft_param *find_param(const struct ift_peft *p, const char *name) {
    for (size_t i = 0; i < p->params; i++) {
        if (strcmp(p->param[i].name, name) == 0) return &p->param[i];
    }
    return NULL;
}

/* Every tensor of the file has its parameter, and every parameter its tensor. */
static int read_weights(struct ift_peft *p, const struct ift_weights *w, const char *dir,
                        struct ift_err *err) {
    struct ift_str name = {0};
    bool *const seen = ift_alloc0(p->params + 1, sizeof *seen);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ift_weights_count(w); i++) {
        const struct ift_tensor *const t = ift_weights_at(w, i);
        ift_str_clear(&name);
        p->method->rename(t->name, &name);
        struct ift_peft_param *const q = find_param(p, name.p);
        if (!q)
            rc = IFT_FAIL(err, "%s: nothing in the configuration asks for \"%s\"", dir, t->name);
        else if (seen[q - p->param])
            rc = IFT_FAIL(err, "%s: \"%s\" is there twice under two names", dir, t->name);
        else if (t->ndim != q->ndim ||
                 memcmp(t->dim, q->dim, (size_t)t->ndim * sizeof *t->dim) != 0)
            rc = IFT_FAIL(
                err, "%s: \"%s\" has another shape than the configuration and the model ask for",
                dir, t->name);
        else if ((rc = ift_to_f32(q->host, t->data, t->dtype, count_of(q), err)) < 0)
            ift_fail_in(err, "%s: \"%s\"", dir, t->name);
        if (rc == 0) seen[q - p->param] = true;
    }
    for (size_t i = 0; rc == 0 && i < p->params; i++) {
        if (!seen[i]) rc = IFT_FAIL(err, "%s: no \"%s\"", dir, p->param[i].name);
    }
    free(seen);
    ift_str_release(&name);
    return rc;
}

static int open_weights(struct ift_peft *p, const char *dir, struct ift_err *err) {
    struct ift_weights *w = NULL;
    IFT_TRY(ift_weights_open_adapter(&w, dir, err));
    const int rc = read_weights(p, w, dir, err);
    ift_weights_free(w);
    return rc;
}

int ift_peft_open(struct ift_peft **out, const struct ift_model *m, const char *dir,
                  struct ift_err *err) {
    struct ift_str path = {0};
    struct ift_peft *p = NULL;
    ift_str_addf(&path, "%s/%s", dir, config_name);
    int rc = read_config(&p, m, path.p, err);
    ift_str_release(&path);
    if (rc == 0) rc = open_weights(p, dir, err);
    if (rc == 0)
        *out = p;
    else
        ift_peft_free(p);
    return rc;
}

/* ---- running ---- */

const char *ift_peft_method(const struct ift_peft *p) {
    return p->method->name;
}

bool ift_peft_trains_base(const struct ift_peft *p) {
    return p->method->trains_base;
}

const struct ift_attach *ift_peft_attach(struct ift_peft *p, bool training) {
    p->training = training;
    return &p->attach;
}

size_t ift_peft_bytes(const struct ift_peft *p) {
    size_t n = 0;
    for (size_t i = 0; i < p->params; i++) n += count_of(&p->param[i]);
    return n * sizeof(float);
}

static int load(struct ift_peft *p, struct ift_peft_param *q, struct ift_err *err) {
    if (q->device.buf) return 0;
    IFT_TRY(ift_device_tensor(p->device, IFT_F32, q->ndim, q->dim, &q->device, err));
    if (ift_device_upload(p->device, &q->device, q->host, err) == 0) return 0;
    ift_device_free(p->device, &q->device);
    return -1;
}

int ift_peft_bind(struct ift_peft *p, struct ift_device *d, struct ift_exec *x,
                  const struct ift_graph *g, struct ift_err *err) {
    if (p->device && p->device != d)
        return IFT_FAIL(err, "an adapter is bound to another device already");
    p->device = d;
    for (size_t i = 0; i < p->params; i++) {
        const ift_val v = ift_graph_find(g, p->param[i].name);
        if (!v) continue;
        IFT_TRY(load(p, &p->param[i], err));
        IFT_TRY(ift_exec_bind(x, v, &p->param[i].device, err));
    }
    return 0;
}

/* ---- saving ---- */

static int fetch(struct ift_peft *p, struct ift_device *d, struct ift_err *err) {
    for (size_t i = 0; i < p->params; i++) {
        struct ift_peft_param *const q = &p->param[i];
        if (q->device.buf) IFT_TRY(ift_device_download(d, q->host, &q->device, err));
    }
    return 0;
}

static int write_weights(const struct ift_peft *p, const char *path, struct ift_err *err) {
    struct ift_tensor *const t = ift_alloc0(p->params + 1, sizeof *t);
    for (size_t i = 0; i < p->params; i++) {
        const struct ift_peft_param *const q = &p->param[i];
        t[i] = (struct ift_tensor){.name = q->name,
                                   .dtype = IFT_F32,
                                   .ndim = q->ndim,
                                   .data = q->host,
                                   .bytes = count_of(q) * sizeof *q->host};
        memcpy(t[i].dim, q->dim, sizeof t[i].dim);
    }
    const int rc = ift_safetensors_write(path, t, p->params, NULL, 0, err);
    free(t);
    return rc;
}

static int write_config(const struct ift_peft *p, const char *path, struct ift_err *err) {
    struct ift_str text = {0};
    p->method->write(p, &text);
    const int rc = ift_out_text(path, ift_str_slice(&text), err);
    ift_str_release(&text);
    return rc;
}

int ift_peft_save(struct ift_peft *p, struct ift_device *d, const char *dir, struct ift_err *err) {
    IFT_TRY(fetch(p, d, err));
    if (p->method->save) return p->method->save(p, dir, err);
    struct ift_outdir *f;
    IFT_TRY(ift_outdir_open(&f, dir, IFT_OUTDIR_INTO, err));
    int rc = write_weights(p, ift_outdir_path(f, weights_name), err);
    if (rc == 0) rc = write_config(p, ift_outdir_path(f, config_name), err);
    if (rc == 0) return ift_outdir_commit(f, err);
    ift_outdir_abandon(f);
    return rc;
}

int ift_peft_merge(const struct ift_peft *p, const char *name, float *w, int ndim,
                   const int64_t *dim, struct ift_err *err) {
    return p->method->merge(p, name, w, ndim, dim, err);
}
