#include "libcore/peft/peft.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/io/outdir.h"
#include "libcore/io/stream.h"
#include "libcore/peft/method.h"
#include "libcore/tensor/safetensors.h"

extern const struct ift_peft_method ift_peft_lora, ift_peft_none;

const struct ift_peft_method *const ift_peft_known[] = {&ift_peft_lora, &ift_peft_none, NULL};
const char *const ift_peft_methods[] = {"lora", "none", NULL};

static const char weights_name[] = "adapter_model.safetensors";

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

static ift_val note_weight(void *self, struct ift_build *b, const char *name, int ndim,
                           const int64_t *dim) {
    struct ift_peft *const p = self;
    (void)b;
    for (size_t i = 0; i < p->weights; i++)
        if (strcmp(p->weight[i].name, name) == 0) return 0; /* tied */
    p->weight = ift_grow(p->weight, p->weights + 1, &p->weight_cap, sizeof *p->weight);
    struct ift_peft_weight *const w = &p->weight[p->weights++];
    *w = (struct ift_peft_weight){ift_arena_strndup(&p->arena, name, strlen(name)), ndim, {0}};
    memcpy(w->dim, dim, (size_t)ndim * sizeof *dim);
    return 0;
}

/* What stands in for a weight: the module that is saved in its place. */
static ift_val replace_weight(void *self, struct ift_build *b, const char *name, int ndim,
                              const int64_t *dim) {
    const struct ift_peft *const p = self;
    (void)ndim, (void)dim;
    for (size_t i = 0; i < p->params; i++) {
        const struct ift_peft_param *const q = &p->param[i];
        if (q->base && strcmp(q->base, name) == 0)
            return ift_graph_param(b->g, q->name, q->ndim, q->dim, p->training);
    }
    return 0;
}

struct ift_peft *ift_peft_begin(const struct ift_model *m, const struct ift_peft_method *method,
                                struct ift_saved *saved) {
    struct ift_peft *const p = ift_alloc0(1, sizeof *p);
    p->method = method;
    p->model = m;
    p->saved = *saved;
    *saved = (struct ift_saved){0};
    p->attach = method->attach;
    p->attach.self = p;
    p->attach.weight = replace_weight;
    const struct ift_attach notes = {.self = p, .linear = note_linear, .weight = note_weight};
    struct ift_graph *const g = ift_graph_new();
    struct ift_build b = {.attach = &notes};
    ift_build_begin(&b, m, g);
    ift_build_logits(&b, ift_build_forward(&b));
    ift_graph_free(g);
    return p;
}

static struct ift_peft_param *add_param(struct ift_peft *p, int ndim, const int64_t *dim,
                                        const char *name, size_t n) {
    p->param = ift_grow(p->param, p->params + 1, &p->param_cap, sizeof *p->param);
    struct ift_peft_param *const q = &p->param[p->params++];
    *q = (struct ift_peft_param){.name = ift_arena_strndup(&p->arena, name, n), .ndim = ndim};
    memcpy(q->dim, dim, (size_t)ndim * sizeof *dim);
    return q;
}

size_t ift_peft_add(struct ift_peft *p, int ndim, const int64_t *dim, const char *fmt, ...) {
    struct ift_str name = {0};
    va_list args;
    va_start(args, fmt);
    ift_str_addv(&name, fmt, args);
    va_end(args);
    struct ift_peft_param *const q = add_param(p, ndim, dim, name.p, name.n);
    ift_str_release(&name);
    q->host = ift_alloc0(ift_peft_count(q), sizeof *q->host);
    return p->params - 1;
}

/* ---- modules that are saved whole ---- */

void ift_peft_add_saved(struct ift_peft *p, const struct ift_peft_weight *w) {
    struct ift_str name = {0};
    ift_str_addf(&name, IFT_SAVED_PREFIX "%s", w->name);
    add_param(p, w->ndim, w->dim, name.p, name.n)->base = w->name;
    ift_str_release(&name);
}

int ift_peft_add_modules(struct ift_peft *p, struct ift_err *err) {
    for (size_t i = 0; i < p->weights; i++) {
        size_t module;
        IFT_TRY(ift_saved_module(&p->saved, p->weight[i].name, &module, err));
        if (module) ift_peft_add_saved(p, &p->weight[i]);
    }
    return 0;
}

/* A misspelt name would otherwise only be missing; PEFT takes it in silence, and so do we from
 * files. */
static int check_modules(const struct ift_peft *p, struct ift_err *err) {
    for (size_t k = 0; k < p->saved.n; k++) {
        const struct ift_saved one = {.item = &p->saved.item[k], .n = 1};
        size_t module = 0;
        if (p->saved.tied)
            IFT_TRY(ift_saved_module(&one, ift_model_arch(p->model)->head_name, &module, err));
        for (size_t i = 0; !module && i < p->weights; i++)
            IFT_TRY(ift_saved_module(&one, p->weight[i].name, &module, err));
        if (!module)
            return IFT_FAIL(err, "no module to save has a name that ends in \"%s\"",
                            one.item->text);
    }
    return 0;
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
    free(p->weight);
    ift_saved_release(&p->saved);
    ift_arena_release(&p->arena);
    free(p);
}

static int make(struct ift_peft *p, const struct ift_peft_options *o, struct ift_err *err) {
    IFT_TRY(ift_peft_add_modules(p, err));
    IFT_TRY(check_modules(p, err));
    return p->method->make(p, o, err);
}

int ift_peft_new(struct ift_peft **out, const struct ift_model *m, const struct ift_peft_options *o,
                 struct ift_err *err) {
    const struct ift_peft_method *const *method = ift_peft_known;
    while (*method && strcmp((*method)->name, o->method) != 0) method++;
    if (!*method) return IFT_FAIL(err, "tuning method \"%s\" is not known", o->method);
    struct ift_saved saved = {0};
    if (!(*method)->trains_base && ift_saved_make(&saved, o, m, err) < 0) {
        ift_saved_release(&saved);
        return -1;
    }
    struct ift_peft *const p = ift_peft_begin(m, *method, &saved);
    const int rc = make(p, o, err);
    if (rc == 0)
        *out = p;
    else
        ift_peft_free(p);
    return rc;
}

/* ---- running ---- */

bool ift_peft_trains_base(const struct ift_peft *p) {
    return p->method->trains_base;
}

const struct ift_attach *ift_peft_attach(struct ift_peft *p, bool training) {
    p->training = training;
    return &p->attach;
}

size_t ift_peft_bytes(const struct ift_peft *p) {
    size_t n = 0;
    for (size_t i = 0; i < p->params; i++) n += ift_peft_count(&p->param[i]);
    return n * sizeof(float);
}

static int load(struct ift_peft *p, struct ift_peft_param *q, struct ift_err *err) {
    if (q->device.buf) return 0;
    IFT_TRY(ift_device_tensor(p->device, IFT_F32, q->ndim, q->dim, &q->device, err));
    const int rc = q->host ? ift_device_upload(p->device, &q->device, q->host, err)
                           : ift_model_upload(p->model, q->base, p->device, &q->device, err);
    if (rc == 0) return 0;
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

/* Saved modules are large: they go from the device to the file one by one. */
static int fetch(struct ift_peft *p, struct ift_device *d, struct ift_err *err) {
    for (size_t i = 0; i < p->params; i++) {
        struct ift_peft_param *const q = &p->param[i];
        if (q->device.buf && !q->base) IFT_TRY(ift_device_download(d, q->host, &q->device, err));
    }
    return 0;
}

/* The present values of a module that is saved. */
static int read_saved(const struct ift_peft *p, const struct ift_peft_param *q, float *to,
                      struct ift_err *err) {
    if (q->device.buf) return ift_device_download(p->device, to, &q->device, err);
    if (q->host) memcpy(to, q->host, ift_peft_count(q) * sizeof *to);
    if (q->host) return 0;
    const struct ift_tensor *const t = ift_model_find(p->model, q->base);
    return ift_to_f32(to, t->data, t->dtype, ift_peft_count(q), err);
}

/* What is written, and which parameter each tensor is. */
struct list {
    const struct ift_peft *peft;
    struct ift_tensor *tensor;
    const struct ift_peft_param **param;
    size_t n;
    float *copy;
};

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct list *const l = self;
    const struct ift_peft_param *const q = l->param[t - l->tensor];
    l->copy = ift_realloc(l->copy, ift_peft_count(q), sizeof *l->copy);
    *data = l->copy;
    return read_saved(l->peft, q, l->copy, err);
}

static void add_tensor(struct list *l, const struct ift_peft_param *q, const char *name) {
    struct ift_tensor *const t = &l->tensor[l->n];
    *t = (struct ift_tensor){.name = name,
                             .dtype = IFT_F32,
                             .ndim = q->ndim,
                             .data = q->base ? NULL : q->host,
                             .bytes = ift_peft_count(q) * sizeof *q->host};
    memcpy(t->dim, q->dim, sizeof t->dim);
    l->param[l->n++] = q;
}

/* Of one copy for both tables PEFT reads two tensors. */
static void add_tensors(struct list *l, const char *head) {
    const struct ift_arch *const a = ift_model_arch(l->peft->model);
    for (size_t i = 0; i < l->peft->params; i++) {
        const struct ift_peft_param *const q = &l->peft->param[i];
        const bool both = l->peft->saved.tied && q->base && strcmp(q->base, a->embed_name) == 0;
        add_tensor(l, q, q->name);
        if (both) add_tensor(l, q, head);
    }
}

static int write_weights(const struct ift_peft *p, const char *path, struct ift_err *err) {
    struct list l = {.peft = p};
    struct ift_str head = {0};
    l.tensor = ift_alloc0(p->params + 1, sizeof *l.tensor);
    l.param = ift_alloc0(p->params + 1, sizeof *l.param);
    ift_str_addf(&head, IFT_SAVED_PREFIX "%s", ift_model_arch(p->model)->head_name);
    add_tensors(&l, head.p);
    const struct ift_tensor_lender lender = {&l, lend};
    const int rc = ift_safetensors_write_from(path, l.tensor, l.n, NULL, 0, &lender, err);
    ift_str_release(&head);
    free(l.copy);
    free(l.param);
    free(l.tensor);
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
    int rc = ift_model_save_vocab(p->model, f, err);
    if (rc == 0) rc = write_weights(p, ift_outdir_path(f, weights_name), err);
    if (rc == 0) rc = write_config(p, ift_outdir_path(f, "adapter_config.json"), err);
    if (rc == 0) return ift_outdir_commit(f, err);
    ift_outdir_abandon(f);
    return rc;
}

int ift_peft_merge(const struct ift_peft *p, const char *name, float *w, int ndim,
                   const int64_t *dim, struct ift_err *err) {
    for (size_t i = 0; i < p->params; i++) {
        const struct ift_peft_param *const q = &p->param[i];
        if (!q->base || strcmp(q->base, name) != 0) continue;
        if (ndim != q->ndim || memcmp(dim, q->dim, (size_t)ndim * sizeof *dim) != 0)
            return IFT_FAIL(err, "the adapter has \"%s\" in another shape", name);
        return read_saved(p, q, w, err) < 0 ? -1 : 2;
    }
    return p->method->merge(p, name, w, ndim, dim, err);
}
