#include "libcore/train/pass.h"

#include "libcore/model/feed.h"

int ift_pass_init(struct ift_pass *s, struct ift_model *m, struct ift_peft *p,
                  const struct ift_pass_options *o, struct ift_err *err) {
    const int64_t positions = ift_model_config(m)->max_positions;
    *s = (struct ift_pass){.g = ift_graph_new(), .tokens = o->tokens};
    s->build = (struct ift_build){.attach = ift_peft_attach(p, o->learn),
                                  .train_base = o->learn && ift_peft_trains_base(p),
                                  .learning = o->learn,
                                  .positions_max = o->tokens < positions ? o->tokens : positions};
    ift_build_begin(&s->build, m, s->g);
    const ift_val h = ift_build_forward(&s->build); // (N, C)
    const int64_t rows[1] = {0}, one[1] = {1};
    s->targets = ift_graph_input(s->g, "targets", IFT_I32, IFT_TOKENS, 1, rows);
    s->scale = ift_graph_input(s->g, "scale", IFT_F32, IFT_FIXED, 1, one);
    s->loss = ift_build_loss(&s->build, h, s->targets, s->scale); // (N)
    ift_graph_keep(s->g, s->loss);
    ift_graph_recompute(s->g, o->recompute);
    return o->learn ? ift_graph_backward(s->g, s->loss, err) : ift_graph_check(s->g, err);
}

void ift_pass_release(struct ift_pass *s) {
    ift_exec_free(s->x);
    ift_graph_free(s->g);
    *s = (struct ift_pass){0};
}

static void set_capacity(const struct ift_pass *s, int64_t capacity[IFT_EXTENTS]) {
    for (enum ift_extent e = IFT_FIXED + 1; e < IFT_EXTENTS; e++) capacity[e] = s->tokens;
}

int ift_pass_measure(const struct ift_pass *s, struct ift_device *d, struct ift_exec_bytes *bytes,
                     struct ift_err *err) {
    int64_t capacity[IFT_EXTENTS] = {0};
    set_capacity(s, capacity);
    return ift_exec_measure(bytes, s->g, d, capacity, err);
}

int ift_pass_open(struct ift_pass *s, struct ift_model *m, struct ift_peft *p, struct ift_device *d,
                  const struct ift_pass *host, struct ift_err *err) {
    int64_t capacity[IFT_EXTENTS] = {0};
    set_capacity(s, capacity);
    IFT_TRY(host ? ift_exec_new_inside(&s->x, s->g, host->x, capacity, err)
                 : ift_exec_new(&s->x, s->g, d, capacity, err));
    IFT_TRY(ift_model_bind(m, d, s->x, s->g, err));
    return ift_peft_bind(p, d, s->x, s->g, err);
}

int ift_pass_run(struct ift_pass *s, const struct ift_batch *b, float scale, const uint32_t key[2],
                 float *loss, double *sum, struct ift_err *err) {
    const int64_t extent[IFT_EXTENTS] = {[IFT_TOKENS] = b->tokens, [IFT_SEGMENTS] = b->docs};
    const struct ift_feed feed = ift_feed_of(b);
    IFT_TRY(ift_feed_upload(&feed, &s->build, s->x, err));
    IFT_TRY(ift_exec_upload(s->x, s->targets, b->target, b->tokens, err));
    IFT_TRY(ift_exec_upload(s->x, s->scale, &scale, 1, err));
    if (s->build.dropout_key) IFT_TRY(ift_exec_upload(s->x, s->build.dropout_key, key, 1, err));
    IFT_TRY(ift_exec_run(s->x, extent, err));
    IFT_TRY(ift_exec_download(s->x, loss, s->loss, b->tokens, err));
    for (int64_t i = 0; i < b->tokens; i++) *sum += (double)loss[i];
    return 0;
}
