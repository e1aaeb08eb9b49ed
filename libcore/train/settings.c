#include "libcore/train/settings.h"

#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/io/json.h"

static void add_text(struct ift_str *s, const char *key, const char *value) {
    ift_str_addf(s, "\"%s\":", key);
    ift_json_quote(s, value, strlen(value));
    ift_str_addc(s, ',');
}

static void add_number(struct ift_str *s, const char *key, double value) {
    ift_str_addf(s, "\"%s\":%.9g,", key, value);
}

static void add_digest(struct ift_str *s, const char *key, uint64_t hash) {
    char text[IFT_DIGEST];
    ift_digest_text(hash, text);
    add_text(s, key, text);
}

/* Tells bases of one shape apart without reading all of them: the beginning of each tensor, and all
 * of those that were made for this run. */
static uint64_t digest_base(const struct ift_model *m) {
    enum { BEGINNING = 4096 };
    const struct ift_weights *files = ift_model_weights(m);
    const uint64_t headers = ift_model_digest(m);
    struct ift_hasher *h = ift_hasher_new();
    ift_hasher_add(h, &headers, sizeof headers);
    for (size_t i = 0; i < ift_weights_count(files); i++) {
        const struct ift_tensor *t = ift_weights_at(files, i);
        const bool whole = t->bytes < BEGINNING || ift_weights_is_put(files, t);
        ift_hasher_add(h, t->data, whole ? t->bytes : BEGINNING);
    }
    const uint64_t digest = ift_hasher_value(h);
    ift_hasher_free(h);
    return digest;
}

char *ift_settings_text(const struct ift_loop_job *job, const struct ift_loop_options *o, double lr,
                        long long updates) {
    const struct ift_peft_options *p = job->peft_options;
    struct ift_str s = {0};
    ift_str_addc(&s, '{');
    add_digest(&s, "model", digest_base(job->model));
    add_digest(&s, "rows", ift_corpus_digest(job->rows));
    add_text(&s, "peft", p->method);
    add_number(&s, "rank", (double)p->rank);
    add_number(&s, "alpha", p->alpha);
    add_number(&s, "dropout", p->dropout);
    add_text(&s, "targets", p->targets ? p->targets : "");
    add_text(&s, "rslora", p->rslora ? "yes" : "no");
    add_text(&s, "modules-to-save", p->modules_to_save ? p->modules_to_save : "");
    add_number(&s, "lr", lr);
    add_text(&s, "schedule", o->schedule);
    add_number(&s, "warmup", o->warmup);
    add_number(&s, "updates", (double)updates);
    add_number(&s, "batch", (double)o->batch);
    add_text(&s, "order", o->order);
    add_number(&s, "valid-fraction", o->valid_fraction);
    add_number(&s, "beta1", o->optim.beta1);
    add_number(&s, "beta2", o->optim.beta2);
    add_number(&s, "eps", o->optim.eps);
    add_number(&s, "weight-decay", o->optim.weight_decay);
    add_number(&s, "max-grad-norm", o->optim.max_grad_norm);
    ift_str_addf(&s, "\"seed\":%llu}", (unsigned long long)o->seed);
    return ift_str_take(&s);
}
