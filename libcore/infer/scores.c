#include "libcore/infer/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"

static void keep_logits(struct ift_scores *k, const struct ift_score *s) {
    const int64_t vocab = k->vocab;
    struct ift_str name = {0};
    ift_str_addf(&name, "logits.%llu", (unsigned long long)s->row);
    const size_t bytes = s->n * (size_t)vocab * sizeof *s->logits;
    float *const copy = ift_alloc(bytes);
    memcpy(copy, s->logits, bytes);
    k->logits = ift_grow(k->logits, k->rows + 1, &k->logits_cap, sizeof *k->logits);
    k->logits[k->rows] =
        (struct ift_tensor){ift_str_take(&name), IFT_F32, 2, {(int64_t)s->n, vocab}, copy, bytes};
}

int ift_scores_put(void *scores, const struct ift_score *s, struct ift_err *err) {
    struct ift_scores *const k = scores;
    struct ift_str *const line = &k->line;
    ift_str_clear(line);
    ift_str_addf(line, "{\"row\":%llu,\"count\":%zu,\"loss\":", (unsigned long long)s->row,
                 s->learned);
    if (s->learned)
        ift_json_number(line, s->loss / (double)s->learned);
    else
        ift_str_adds(line, "null");
    for (size_t i = 0; i < s->n && !k->brief; i++) {
        ift_str_adds(line, i ? "," : ",\"logprobs\":[");
        if (isnan(s->logprob[i]))
            ift_str_adds(line, "null");
        else
            ift_str_addf(line, "%.9g", (double)s->logprob[i]);
    }
    ift_str_adds(line, k->brief ? "}\n" : "]}\n");
    if (s->logits) keep_logits(k, s);
    k->rows++;
    k->learned += s->learned;
    k->loss += s->loss;
    ift_progress_update(k->progress, k->rows, NULL);
    return ift_out_write(k->out, line->p, line->n, err);
}

void ift_scores_release(struct ift_scores *k) {
    for (uint64_t i = 0; i < k->rows && k->logits; i++) {
        free((char *)k->logits[i].name);
        free((void *)k->logits[i].data);
    }
    free(k->logits);
    ift_str_release(&k->line);
}
