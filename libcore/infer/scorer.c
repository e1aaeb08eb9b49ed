#include "libcore/infer/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/model/batch.h"
#include "libcore/model/feed.h"

/* A row whose documents are not all back yet. */
struct pending {
    uint64_t row;
    size_t n, left; /* tokens; tokens of documents that have not run */
    float *logprob; /* (n) */
    float *logits;  /* (n, V) */
    struct pending *next;
};

struct ift_scorer {
    struct ift_scorer_config c;
    int64_t vocab;
    struct ift_graph *graph;
    struct ift_exec *exec;
    struct ift_build build;
    ift_val targets, scale, loss, logits;
    struct ift_batch batch;
    uint64_t rows;
    struct pending *first, **last; /* in order of rows */
    float *loss_host;              /* (tokens) */
    float *logits_host;            /* (tokens, V) */
};

static int describe(struct ift_scorer *s, struct ift_model *m, struct ift_peft *peft,
                    struct ift_err *err) {
    struct ift_build *const b = &s->build;
    *b = (struct ift_build){.attach = peft ? ift_peft_attach(peft, false) : NULL,
                            .positions_max = s->c.tokens};
    ift_build_begin(b, m, s->graph);
    const ift_val hidden = ift_build_forward(b); // (N, C)
    s->targets = ift_graph_input(s->graph, "targets", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    s->scale = ift_graph_input(s->graph, "scale", IFT_F32, IFT_FIXED, 1, (const int64_t[]){1});
    s->loss = ift_build_loss(b, hidden, s->targets, s->scale); // (N)
    ift_graph_keep(s->graph, s->loss);
    if (s->c.logits) {
        s->logits = ift_build_logits(b, hidden); // (N, V)
        ift_graph_keep(s->graph, s->logits);
    }
    return ift_graph_check(s->graph, err);
}

static int start(struct ift_scorer *s, struct ift_model *m, struct ift_peft *peft,
                 struct ift_device *d, const int64_t *capacity, struct ift_err *err) {
    IFT_TRY(describe(s, m, peft, err));
    if (s->c.frozen)
        IFT_TRY(ift_exec_new_frozen(&s->exec, s->graph, d, capacity, err));
    else
        IFT_TRY(ift_exec_new(&s->exec, s->graph, d, capacity, err));
    IFT_TRY(ift_model_bind(m, d, s->exec, s->graph, err));
    return peft ? ift_peft_bind(peft, d, s->exec, s->graph, err) : 0;
}

int ift_scorer_new(struct ift_scorer **out, struct ift_model *m, struct ift_peft *peft,
                   struct ift_device *d, struct ift_scorer_config c, struct ift_err *err) {
    struct ift_scorer *s = ift_alloc0(1, sizeof *s);
    *out = s;
    s->c = c;
    s->vocab = ift_model_config(m)->vocab;
    s->batch.arch = ift_model_arch(m);
    s->batch.config = ift_model_config(m);
    s->batch.capacity = c.tokens;
    s->last = &s->first;
    s->graph = ift_graph_new();
    s->loss_host = ift_alloc0((size_t)c.tokens, sizeof *s->loss_host);
    if (c.logits)
        s->logits_host = ift_alloc0((size_t)(c.tokens * s->vocab), sizeof *s->logits_host);
    const int64_t capacity[IFT_EXTENTS] =
        {[IFT_TOKENS] = c.tokens, [IFT_SEGMENTS] = c.tokens, [IFT_PICKS] = 1};
    if (start(s, m, peft, d, capacity, err) < 0) {
        ift_scorer_free(s);
        *out = NULL;
        return -1;
    }
    return 0;
}

static void pending_free(struct pending *p) {
    free(p->logprob);
    free(p->logits);
    free(p);
}

void ift_scorer_free(struct ift_scorer *s) {
    if (!s) return;
    while (s->first) {
        struct pending *p = s->first;
        s->first = p->next;
        pending_free(p);
    }
    ift_exec_free(s->exec);
    ift_graph_free(s->graph);
    ift_batch_release(&s->batch);
    free(s->loss_host);
    free(s->logits_host);
    free(s);
}

static int run(struct ift_scorer *s, struct ift_err *err) {
    const struct ift_batch *b = &s->batch;
    const struct ift_feed feed = ift_feed_of(b);
    IFT_TRY(ift_feed_upload(&feed, &s->build, s->exec, err));
    IFT_TRY(ift_exec_upload(s->exec, s->targets, b->target, b->tokens, err));
    IFT_TRY(ift_exec_upload(s->exec, s->scale, &(const float){1}, 1, err));
    const int64_t extent[IFT_EXTENTS] =
        {[IFT_TOKENS] = b->tokens, [IFT_SEGMENTS] = b->docs, [IFT_PICKS] = 1};
    IFT_TRY(ift_exec_run(s->exec, extent, err));
    IFT_TRY(ift_exec_download(s->exec, s->loss_host, s->loss, b->tokens, err));
    return s->c.logits ? ift_exec_download(s->exec, s->logits_host, s->logits, b->tokens, err) : 0;
}

/* Copies one document of the batch back into its row. The loss at a token is of the one that
 * follows it. */
static void bring_back(struct ift_scorer *s, struct pending *p, const struct ift_batch_doc *doc) {
    const struct ift_batch *b = &s->batch;
    for (int64_t i = 0; i + 1 < doc->n; i++)
        if (b->target[doc->at + i] >= 0)
            p->logprob[doc->begin + i + 1] = -s->loss_host[doc->at + i];
    if (s->c.logits) {
        const size_t row = (size_t)s->vocab;
        memcpy(p->logits + (size_t)doc->begin * row, s->logits_host + (size_t)doc->at * row,
               (size_t)doc->n * row * sizeof *p->logits);
    }
    p->left -= (size_t)doc->n;
}

static int hand_out(struct ift_scorer *s, const struct pending *p, struct ift_err *err) {
    struct ift_score score = {.row = p->row, .n = p->n, .logprob = p->logprob, .logits = p->logits};
    for (size_t i = 0; i < p->n; i++)
        if (!isnan(p->logprob[i])) {
            score.loss -= p->logprob[i];
            score.learned++;
        }
    return s->c.done(s->c.ctx, &score, err);
}

int ift_scorer_flush(struct ift_scorer *s, struct ift_err *err) {
    if (s->batch.tokens == 0) return 0;
    IFT_TRY(run(s, err));
    struct pending *p = s->first;
    for (int64_t i = 0; i < s->batch.docs; i++) {
        const struct ift_batch_doc *doc = &s->batch.doc[i];
        while (p->row != doc->row) p = p->next;
        bring_back(s, p, doc);
    }
    ift_batch_clear(&s->batch);
    while (s->first && s->first->left == 0) {
        p = s->first;
        s->first = p->next;
        if (!s->first) s->last = &s->first;
        const int rc = hand_out(s, p, err);
        pending_free(p);
        if (rc < 0) return -1;
    }
    return 0;
}

static int check_row(const struct ift_scorer *s, const struct ift_row *row, struct ift_err *err) {
    for (size_t i = 0; i < row->n; i++)
        if (row->id[i] < 0 || row->id[i] >= s->vocab)
            return IFT_FAIL(err, "token %zu is id %d, the model's vocabulary has %lld", i + 1,
                            row->id[i], (long long)s->vocab);
    const int64_t positions = s->batch.config->max_positions;
    for (size_t i = 0; i < row->ndocs; i++) {
        if (row->doc[i] > positions)
            return IFT_FAIL(err, "a document of %u tokens, the model has %lld positions",
                            row->doc[i], (long long)positions);
        if (row->doc[i] > s->batch.capacity)
            return IFT_FAIL(err,
                            "a document of %u tokens, more than the %lld that are run at once: "
                            "raise --batch-tokens",
                            row->doc[i], (long long)s->batch.capacity);
    }
    return 0;
}

int ift_scorer_add(struct ift_scorer *s, const struct ift_row *row, struct ift_err *err) {
    IFT_TRY(check_row(s, row, err));
    struct pending *p = ift_alloc0(1, sizeof *p);
    p->row = s->rows++;
    p->n = p->left = row->n;
    p->logprob = ift_alloc(row->n * sizeof *p->logprob);
    for (size_t i = 0; i < row->n; i++) p->logprob[i] = NAN;
    if (s->c.logits) p->logits = ift_alloc0(row->n * (size_t)s->vocab, sizeof *p->logits);
    *s->last = p;
    s->last = &p->next;
    for (size_t doc = 0;;) {
        const int rc = ift_batch_row(&s->batch, row, p->row, &doc, err);
        if (rc != 0) return rc < 0 ? -1 : 0;
        IFT_TRY(ift_scorer_flush(s, err));
    }
}
