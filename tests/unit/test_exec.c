#include "libcore/graph/exec.h"

#include "tests/unit/graph_case.h"

/* The loss and every gradient of two runs of one graph have the same bits. */
static int check_same_bits(struct case_run *a, struct case_run *b, const int64_t *extent) {
    int compared = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(a->g); v++) {
        const ift_val what = v == case_loss(a->g) ? v : ift_graph_grad(a->g, v);
        if (!what) continue;
        float *x = case_download(a, what, extent), *y = case_download(b, what, extent);
        const size_t bytes =
            (size_t)ift_value_count(ift_graph_value(a->g, what), extent) * sizeof *x;
        CHECK(memcmp(x, y, bytes) == 0);
        compared++;
        free(x);
        free(y);
    }
    return compared;
}

/* Memory shared by liveness and outputs in place of inputs change nothing; nor does room to spare,
 * nor what earlier runs left in it. */
static void check_placement(const struct case_llama *c, int expected) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    const struct case_batch b = case_batch_of(c, (const int[]){7, 1, 4}, 3),
                            other = case_batch_of(c, (const int[]){20, 3}, 2);
    struct case_run apart = case_start(&d, c, CASE_BACKWARD | CASE_KEPT, 12, 3),
                    exact = case_start(&d, c, CASE_BACKWARD, 12, 3),
                    roomy = case_start(&d, c, CASE_BACKWARD, 60, 8);
    case_pass(&apart, &b);
    case_pass(&exact, &b);
    case_pass(&roomy, &other);
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(roomy.g); v++)
        if (ift_graph_grad(roomy.g, v))
            CHECK_OK(ift_exec_zero(roomy.x, ift_graph_grad(roomy.g, v), &err), &err);
    case_pass(&roomy, &b);
    CHECK_INT(check_same_bits(&apart, &exact, b.extent), expected);
    CHECK_INT(check_same_bits(&apart, &roomy, b.extent), expected);
    CHECK(ift_exec_bytes(exact.x).slab < ift_exec_bytes(apart.x).slab);
    case_run_release(&apart);
    case_run_release(&exact);
    case_run_release(&roomy);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

static void test_placement(void) {
    struct case_llama c = case_tiny;
    check_placement(&c, 1 + 3 + 2 * 9);
    c.tied = c.add_norm = c.bias = true;
    check_placement(&c, 1 + 2 + 2 * (9 + 7));
    c.train = c.tied = c.bias = false;
    c.rank = 3;
    c.dropout = 0.2f;
    check_placement(&c, 1 + 2 * 4);
    c.lora_all = true;
    c.add_norm = false;
    check_placement(&c, 1 + 2 * 14);
}

/* ---- errors are named ---- */

static void expect(int rc, const struct ift_err *err, const char *text) {
    CHECK_INT(rc, -1);
    if (!strstr(err->text, text)) fprintf(stderr, "said: %s\n", err->text);
    CHECK(strstr(err->text, text));
}

/* Of moving data and asking for it, before anything is bound. */
static void check_upload_errors(struct case_run *r, const struct case_batch *b) {
    struct ift_err err = {0};
    struct ift_operand t;
    struct ift_exec *x = r->x;
    const ift_val embed = ift_graph_find(r->g, "embed"), ids = ift_graph_find(r->g, "ids");
    expect(ift_exec_run(x, b->extent, &err), &err, "input \"ids\" (tokens) i32 was never uploaded");
    expect(ift_exec_upload(x, ids, b->ids, 9, &err), &err,
           "\"ids\" (tokens) i32: 9 rows, memory was planned for 8");
    expect(ift_exec_upload(x, ift_graph_find(r->g, "segments"), b->segments, 3, &err), &err,
           "3 rows, memory was planned for 2");
    expect(ift_exec_upload(x, embed, b->ids, 1, &err), &err,
           "upload: \"embed\" (33, 24) f32 is not an input");
    case_upload(r, b);
    CHECK_OK(ift_exec_upload(x, ids, b->ids, 3, &err), &err);
    expect(ift_exec_run(x, b->extent, &err), &err,
           "input \"ids\" (tokens) i32 has 3 rows, this run asks for 7");
    case_upload(r, b);
    expect(ift_exec_run(x, b->extent, &err), &err, "(64, 3, 2) f32 is not bound to memory");
    expect(ift_exec_operand(x, embed, &t, &err), &err, "\"embed\" (33, 24) f32 has no memory yet");
    expect(ift_exec_operand(x, ift_graph_node(r->g, 0)->out[0], &t, &err), &err, "is not kept");
    expect(ift_exec_zero(x, embed, &err), &err, "only a state");
}

static void check_bind_errors(struct case_run *r) {
    struct ift_err err = {0};
    struct ift_operand wrong = {0};
    const ift_val embed = ift_graph_find(r->g, "embed");
    expect(ift_exec_bind(r->x, embed, &wrong, &err), &err,
           "bind: \"embed\" (33, 24) f32 is given a tensor without memory");
    CHECK_OK(ift_device_tensor(r->d, IFT_F32, 2, (int64_t[]){24, 33}, &wrong, &err), &err);
    expect(ift_exec_bind(r->x, embed, &wrong, &err), &err,
           "bind: \"embed\" (33, 24) f32 is given a tensor (24, 33) f32");
    expect(ift_exec_bind(r->x, case_loss(r->g), &wrong, &err), &err,
           "neither a parameter nor a state");
    ift_device_free(r->d, &wrong);
    CHECK_OK(ift_device_tensor(r->d, IFT_F16, 2, (int64_t[]){33, 24}, &wrong, &err), &err);
    expect(ift_exec_bind(r->x, embed, &wrong, &err), &err, "is given a tensor (33, 24) f16");
    ift_device_free(r->d, &wrong);
}

static void test_errors(void) {
    struct ift_err err = {0};
    struct ift_device d;
    float out[9];
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct case_run r = {.d = &d, .g = ift_graph_new()};
    const ift_val loss = case_forward(r.g, &case_tiny);
    struct case_batch b = case_batch_of(&case_tiny, (const int[]){6, 1}, 2);
    expect(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 8, 0, 0}, &err), &err,
           "the graph has segments");
    CHECK(r.x == NULL);
    CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 8, 2, 0}, &err), &err);
    check_upload_errors(&r, &b);
    check_bind_errors(&r);
    case_bind(&r);
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    expect(ift_exec_run(r.x, (int64_t[]){0, -1, 1, 0}, &err), &err,
           "a run of -1 tokens, memory was planned for 8");
    expect(ift_exec_download(r.x, out, loss, 9, &err), &err, "9 rows, memory was planned for 8");
    b.ids[2] = 33; /* what an op finds wrong in the data comes through */
    case_upload(&r, &b);
    expect(ift_exec_run(r.x, b.extent, &err), &err, "ids[2] is 33");
    case_run_release(&r);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

static void test_mistake_in_graph(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_exec *x;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct ift_graph *g = ift_graph_new();
    ift_graph_norm(g, 0, 0, 0);
    expect(ift_exec_new(&x, g, &d, (int64_t[]){0, 8, 2, 0}, &err), &err, "norm: no input given");
    ift_graph_free(g);
    ift_device_close(&d);
}

/* ---- what depends on parameters alone ---- */

enum { FROZEN_IN = 6, FROZEN_OUT = 300 };

struct head {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val input, weight, y;
};

/* y = x unit(unit(w))^T */
static struct head head_of(struct ift_device *d, bool frozen, const struct ift_operand *w) {
    struct ift_err err = {0};
    struct head h = {.g = ift_graph_new()};
    h.input = ift_graph_input(h.g, "x", IFT_F32, IFT_TOKENS, 2, (int64_t[]){0, FROZEN_IN});
    h.weight = ift_graph_param(h.g, "w", 2, (int64_t[]){FROZEN_OUT, FROZEN_IN}, false);
    const ift_val unit = ift_graph_unit_rows(h.g, ift_graph_unit_rows(h.g, h.weight));
    h.y = ift_graph_linear(h.g, h.input, unit, 0);
    ift_graph_keep(h.g, h.y);
    const int64_t capacity[IFT_EXTENTS] = {[IFT_TOKENS] = 3};
    CHECK_OK((frozen ? ift_exec_new_frozen : ift_exec_new)(&h.x, h.g, d, capacity, &err), &err);
    CHECK_OK(ift_exec_bind(h.x, h.weight, w, &err), &err);
    ift_exec_profile(h.x, true);
    return h;
}

static void run_head(const struct head *h, const float *x, float *y) {
    struct ift_err err = {0};
    CHECK_OK(ift_exec_upload(h->x, h->input, x, 3, &err), &err);
    CHECK_OK(ift_exec_run(h->x, (int64_t[IFT_EXTENTS]){[IFT_TOKENS] = 3}, &err), &err);
    CHECK_OK(ift_exec_download(h->x, y, h->y, 3, &err), &err);
}

/* A frozen exec gives the same bits, without the ops that always give the same; until it is given
 * other weights. */
static void test_frozen(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_operand weight[2];
    float w[FROZEN_OUT * FROZEN_IN], x[3 * FROZEN_IN], y[2][3 * FROZEN_OUT];
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < FROZEN_OUT * FROZEN_IN; k++) w[k] = sinf((float)(k * (3 + i)));
        CHECK_OK(ift_device_tensor(&d, IFT_F32, 2, (int64_t[]){FROZEN_OUT, FROZEN_IN}, &weight[i],
                                   &err),
                 &err);
        CHECK_OK(ift_device_upload(&d, &weight[i], w, &err), &err);
    }
    const struct head plain = head_of(&d, false, &weight[0]),
                      frozen = head_of(&d, true, &weight[0]);
    CHECK(ift_exec_bytes(frozen.x).slab < ift_exec_bytes(plain.x).slab);
    for (int i = 0; i < 4; i++) {
        if (i == 2) {
            CHECK_OK(ift_exec_bind(plain.x, plain.weight, &weight[1], &err), &err);
            CHECK_OK(ift_exec_bind(frozen.x, frozen.weight, &weight[1], &err), &err);
        }
        for (int k = 0; k < 3 * FROZEN_IN; k++) x[k] = cosf((float)(k + i));
        run_head(&plain, x, y[0]);
        run_head(&frozen, x, y[1]);
        CHECK(memcmp(y[0], y[1], sizeof y[0]) == 0);
        CHECK(ift_exec_profile_seconds(plain.x)[IFT_OP_UNIT] > 0);
        CHECK(ift_exec_profile_seconds(frozen.x)[IFT_OP_UNIT] == 0);
        CHECK(ift_exec_profile_seconds(frozen.x)[IFT_OP_GEMM] > 0);
    }
    CHECK_INT(ift_exec_bytes(frozen.x).states, 2 * sizeof w);
    ift_exec_free(plain.x);
    ift_exec_free(frozen.x);
    ift_graph_free(plain.g);
    ift_graph_free(frozen.g);
    for (int i = 0; i < 2; i++) ift_device_free(&d, &weight[i]);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

/* ---- figures ---- */

static void test_profile_and_bytes(void) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct case_run r = case_start(&d, &case_tiny, 0, 12, 2);
    const struct case_batch b = case_batch_of(&case_tiny, (const int[]){7, 5}, 2);
    case_pass(&r, &b);
    CHECK(ift_exec_profile_seconds(r.x)[IFT_OP_GEMM] == 0);
    ift_exec_profile(r.x, true);
    case_pass(&r, &b);
    for (int op = 0; op < IFT_OP_COUNT; op++) {
        bool used = false;
        for (size_t i = 0; i < ift_graph_nodes(r.g); i++)
            used |= ift_graph_node(r.g, i)->op == (enum ift_op)op;
        CHECK((ift_exec_profile_seconds(r.x)[op] > 0) == used);
    }
    const struct ift_exec_bytes bytes = ift_exec_bytes(r.x);
    CHECK_INT(bytes.inputs, 3 * 12 * 4 + 2 * 20 + 4);
    CHECK_INT(bytes.states, 0);
    CHECK(bytes.slab > 12 * 24 * 4 && bytes.scratch <= bytes.slab);
    /* No rows at all is a run too. */
    CHECK_OK(ift_exec_run(r.x, (int64_t[IFT_EXTENTS]){0}, &err), &err);
    case_run_release(&r);
    CHECK(d.peak > bytes.slab + bytes.inputs);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

int main(void) {
    test_placement();
    test_errors();
    test_mistake_in_graph();
    test_frozen();
    test_profile_and_bytes();
    return check_done();
}
