/* Gradients of whole graphs. The reference is a central difference of the forward in double
 * precision, exact to about 1e-9; the engine computes in float, so a gradient made of a few dozen
 * products and passes is off by some ten units in the last place of its largest parts: 1e-5 of the
 * largest element is asked, of every element. */
#include "tests/unit/graph_case.h"
#include "tests/unit/graph_f64.h"

static const double TOLERANCE = 1e-5;

/* ---- against finite differences ---- */

static double loss_of(struct f64 *f, size_t nodes, ift_val loss, double scale) {
    f64_run(f, nodes);
    double sum = 0;
    for (int64_t i = 0; i < f64_count(f, loss); i++) sum += f->v[loss][i];
    return scale * sum;
}

/* Every element of the gradient of `p`. */
static void check_gradient(struct case_run *r, struct f64 *f, size_t nodes, ift_val loss,
                           double scale, ift_val p) {
    const int64_t n = f64_count(f, p);
    const double h = 1e-5;
    float *got = case_download(r, ift_graph_grad(r->g, p), f->extent);
    double *want = ift_alloc0((size_t)n, sizeof *want), most = 0;
    for (int64_t i = 0; i < n; i++) {
        const double at = f->v[p][i];
        f->v[p][i] = at + h;
        want[i] = loss_of(f, nodes, loss, scale);
        f->v[p][i] = at - h;
        want[i] = (want[i] - loss_of(f, nodes, loss, scale)) / (2 * h);
        f->v[p][i] = at;
        most = fmax(most, fabs(want[i]));
    }
    CHECK(most > 1e-4); /* a gradient that is nought would prove nothing */
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= TOLERANCE * most)) {
            fprintf(stderr, "gradient of %s[%lld] is %.9g, expected %.9g, largest %.3g\n",
                    ift_graph_value(r->g, p)->name, (long long)i, (double)got[i], want[i], most);
            check_failures++;
            break;
        }
    free(want);
    free(got);
}

/* Copies what the engine was given into the reference. */
static struct f64 reference(const struct ift_graph *g, const struct case_batch *b) {
    struct f64 f = f64_new(g, b->extent);
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        const struct ift_value *x = ift_graph_value(g, v);
        const int64_t n = f64_count(&f, v);
        if (x->role == IFT_PARAM) {
            float *host = ift_alloc((size_t)n * sizeof *host);
            case_values(x, host);
            for (int64_t i = 0; i < n; i++) f.v[v][i] = (double)host[i];
            free(host);
        }
        if (x->role != IFT_INPUT) continue;
        const int32_t *in = strcmp(x->name, "ids") == 0         ? b->ids
                            : strcmp(x->name, "targets") == 0   ? b->targets
                            : strcmp(x->name, "positions") == 0 ? b->positions
                            : strcmp(x->name, "segments") == 0  ? b->segments
                                                                : b->key;
        for (int64_t i = 0; i < n; i++)
            f.v[v][i] = x->dtype == IFT_F32 ? (double)b->scale : (double)in[i];
    }
    return f;
}

/* Runs the backward of `loss` and holds every gradient against the reference; the graph is
 * released. */
static void check_gradients(struct ift_graph *g, ift_val loss, const struct case_batch *b) {
    struct ift_err err = {0};
    struct ift_device d;
    struct case_run r = {.d = &d, .g = g};
    ift_graph_keep(g, loss);
    CHECK_OK(ift_graph_backward(g, loss, &err), &err);
    size_t nodes = 1; /* up to the loss; a backward may put nodes in front of it */
    while (ift_graph_node(g, nodes - 1)->out[0] != loss) nodes++;
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    CHECK_OK(ift_exec_new(&r.x, g, &d, (int64_t[]){0, CASE_POSITIONS, 8, 8}, &err), &err);
    if (check_failures) exit(check_done());
    case_bind(&r);
    case_upload(&r, b);
    CHECK_OK(ift_exec_run(r.x, b->extent, &err), &err);
    struct f64 f = reference(g, b);
    f64_run(&f, nodes);
    float *got = case_download(&r, loss, b->extent);
    for (int64_t i = 0; i < b->extent[IFT_TOKENS]; i++)
        CHECK_NEAR(got[i], f.v[loss][i], 2e-6 * (1 + f.v[loss][i]));
    free(got);
    int checked = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        if (!ift_graph_grad(g, v)) continue;
        check_gradient(&r, &f, nodes, loss, (double)b->scale, v);
        checked++;
    }
    CHECK(checked > 0);
    f64_release(&f);
    case_run_release(&r);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

static const struct case_llama tiny = {.layers = 2,
                                       .heads = 4,
                                       .kv_heads = 2,
                                       .hidden = 12,
                                       .head_dim = 4,
                                       .inner = 10,
                                       .vocab = 17,
                                       .train = true,
                                       .pad = -1};

static void check_llama(struct case_llama c) {
    struct ift_graph *g = ift_graph_new();
    const ift_val loss = case_forward(g, &c);
    const struct case_batch b = case_batch_of(&c, (const int[]){5, 1, 7}, 3);
    check_gradients(g, loss, &b);
}

static void test_llama(void) {
    struct case_llama c = tiny;
    check_llama(c);
    c.tied = c.add_norm = true;
    c.act = IFT_ACT_GELU_TANH;
    c.window = 3;
    check_llama(c);
    c.tied = c.add_norm = false;
    c.interleaved = true;
    c.rot = 2;
    c.act = IFT_ACT_GELU;
    c.kv_heads = 1;
    c.bias = true;
    check_llama(c);
}

/* The row of the padding token is left alone, and nothing else changes. */
static void test_pad(void) {
    struct case_llama c = tiny;
    float *got[2];
    const struct case_batch b = case_batch_of(&c, (const int[]){8, 5}, 2);
    for (int i = 0; i < 2; i++) {
        struct ift_err err = {0};
        struct ift_device d;
        struct case_run r = {.d = &d, .g = ift_graph_new()};
        c.pad = i ? b.ids[2] : -1;
        CHECK_OK(ift_graph_backward(r.g, case_forward(r.g, &c), &err), &err);
        CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
        CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 13, 2, 0}, &err), &err);
        case_bind(&r);
        case_upload(&r, &b);
        CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
        got[i] = case_download(&r, ift_graph_find(r.g, "grad.embed"), b.extent);
        case_run_release(&r);
        ift_device_close(&d);
    }
    for (int64_t i = 0; i < c.vocab * c.hidden; i++) {
        const bool pad = i / c.hidden == c.pad;
        if (pad) CHECK(got[0][i] != 0);
        CHECK(got[1][i] == (pad ? 0 : got[0][i]));
    }
    free(got[0]);
    free(got[1]);
}

static void test_lora(void) {
    struct case_llama c = tiny;
    c.train = false;
    c.rank = 3;
    c.dropout = 0.3f;
    check_llama(c);
    c.lora_all = c.add_norm = true;
    check_llama(c);
    c.lora_from = 1;
    check_llama(c);
    c.train = true; /* both at once */
    check_llama(c);
}

/* Every gradient of a backward that keeps every n-th checkpoint, one after the other; to be freed.
 * *slab: bytes of its activations. */
static float *gradients_of(const struct case_llama *c, size_t n, int64_t *count, size_t *slab) {
    struct ift_err err = {0};
    struct ift_device d;
    struct case_run r = {.d = &d, .g = ift_graph_new()};
    const struct case_batch b = case_batch_of(c, (const int[]){5, 1, 7}, 3);
    const ift_val loss = case_forward(r.g, c);
    float *all = NULL;
    ift_graph_recompute(r.g, n);
    CHECK_OK(ift_graph_backward(r.g, loss, &err), &err);
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, CASE_POSITIONS, 8, 8}, &err), &err);
    case_bind(&r);
    case_upload(&r, &b);
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    *slab = ift_exec_bytes(r.x).slab;
    *count = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(r.g); v++) {
        const ift_val grad = ift_graph_grad(r.g, v);
        if (!grad) continue;
        const int64_t more = ift_value_count(ift_graph_value(r.g, grad), b.extent);
        float *const got = case_download(&r, grad, b.extent);
        all = realloc(all, (size_t)(*count + more) * sizeof *all);
        memcpy(all + *count, got, (size_t)more * sizeof *all);
        *count += more;
        free(got);
    }
    case_run_release(&r);
    ift_device_close(&d);
    return all;
}

/* Making the forward again changes no bit and takes less memory. */
static void check_recompute(struct case_llama c) {
    int64_t count, same;
    size_t slab, less;
    c.layers = 6;
    float *const want = gradients_of(&c, 0, &count, &slab);
    for (size_t n = 1; n <= 3; n++) {
        float *const got = gradients_of(&c, n, &same, &less);
        CHECK_INT(same, count);
        CHECK(memcmp(got, want, (size_t)count * sizeof *got) == 0);
        CHECK(less < slab);
        free(got);
    }
    CHECK(count > 0);
    free(want);
}

static void test_recompute(void) {
    struct case_llama c = tiny;
    check_recompute(c);
    c.tied = c.add_norm = c.bias = true;
    check_recompute(c);
    c.train = c.bias = false;
    c.rank = 3;
    c.dropout = 0.3f;
    c.lora_all = true;
    check_recompute(c);
    c.lora_from = 1;
    check_recompute(c);
}

/* ---- odd graphs ---- */

static void odd_check_head(struct odd *o, ift_val h, ift_val head, int prefix) {
    const ift_val loss = ift_graph_xent(o->g, h, head, 0, o->b.targets, o->b.scale);
    struct case_batch batch = case_batch_of(&odd_case, (const int[]){4, 6}, 2);
    batch.segments[5 * 1 + 4] = prefix; /* of the second document */
    check_gradients(o->g, loss, &batch);
}

static void odd_check(struct odd *o, ift_val h) {
    odd_check_head(o, h, case_param(&o->b, "head", 9, 6, true), 0);
}

/* One value read by many ops, and several times by one. */
static void test_values_used_often(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "w", 6, 6, true), n = case_param(&o.b, "norm", 6, 0, true);
    const ift_val twice = ift_graph_axpby(o.g, 0.5f, o.x, -1.5f, o.x);
    const ift_val thrice =
        ift_graph_glu(o.g, o.x, ift_graph_axpby(o.g, 2, o.x, 1, twice), IFT_ACT_SILU);
    const ift_val normed = ift_graph_norm(o.g, thrice, n, 1e-5f);
    const ift_val self = ift_graph_glu(o.g, normed, normed, IFT_ACT_GELU);
    ift_val sum;
    const ift_val again =
        ift_graph_add_norm(o.g, self, self, n, 1e-5f, &sum); /* one weight, two norms */
    ift_val h = ift_graph_linear_add(o.g, again, w, 0.7f, sum);
    h = ift_graph_linear_add(o.g, h, w, -0.3f, h); /* the factor is the addend too */
    h = ift_graph_axpby(o.g, 1, h, 1, ift_graph_norm(o.g, sum, n, 1e-3f));
    odd_check(&o, ift_graph_axpby(o.g, 1, h, 2, o.x));
}

/* The logits have a bias, trained or not. */
static void test_biased_loss(void) {
    for (int trained = 0; trained < 2; trained++) {
        struct odd o = odd_new(true);
        const ift_val head = case_param(&o.b, "head", 9, 6, true);
        const ift_val bias = case_param(&o.b, "head.bias", 9, 0, trained);
        const ift_val loss = ift_graph_xent(o.g, o.x, head, bias, o.b.targets, o.b.scale);
        const struct case_batch batch = case_batch_of(&odd_case, (const int[]){4, 6}, 2);
        check_gradients(o.g, loss, &batch);
    }
}

/* The loss reads rows of length one, made of the embedding; and a bias that is computed too. */
static void test_computed_head(void) {
    struct odd o = odd_new(true);
    const ift_val embed = ift_graph_find(o.g, "embed");
    const ift_val bias = case_param(&o.b, "head.bias", 9, 0, true);
    const ift_val loss =
        ift_graph_xent(o.g, o.x, ift_graph_unit_rows(o.g, embed),
                       ift_graph_axpby(o.g, 2, bias, 0, 0), o.b.targets, o.b.scale);
    const struct case_batch batch = case_batch_of(&odd_case, (const int[]){4, 6}, 2);
    check_gradients(o.g, loss, &batch);
}

/* q, k and v are one value; the embedding is the head too. */
static void test_one_value_for_all(void) {
    struct odd o = odd_new(true);
    const struct ift_graph_attn a = {.heads = 3,
                                     .kv_heads = 3,
                                     .head_dim = 2,
                                     .scale = 0.6f,
                                     .causal = true};
    const ift_val y = ift_graph_attn(o.g, o.x, o.x, o.x, o.b.segments, a);
    const ift_val embed = ift_graph_find(o.g, "embed");
    const ift_val w =
        ift_graph_gemm(o.g, y, false, embed, true, 0.5f, 0, 0); /* (N, 9): the table as a weight */
    const ift_val h = ift_graph_gemm(o.g, w, false, embed, false, 1, o.x, 0);
    odd_check(&o, h);
}

/* All four ways to transpose, with gradients on both sides; products over the tokens; parameters as
 * left factor and addend. */
static void test_products(void) {
    struct odd o = odd_new(true);
    const ift_val p = case_param(&o.b, "p", 6, 4, true), q = case_param(&o.b, "q", 4, 6, true);
    const ift_val r = case_param(&o.b, "r", 6, 6, true);
    const ift_val u = ift_graph_gemm(o.g, o.x, false, p, false, 0.8f, 0, 0); /* (N, 4) */
    const ift_val m =
        ift_graph_gemm(o.g, o.x, true, u, false, 0.1f, p, 0); /* (6, 4), over the tokens */
    const ift_val s = ift_graph_gemm(o.g, q, true, m, true, 1.2f, r, 0);    /* (6, 6) = q' m' + r */
    const ift_val t = ift_graph_gemm(o.g, m, false, q, false, -0.4f, s, 0); /* (6, 6) */
    const ift_val y = ift_graph_gemm(o.g, o.x, false, t, true, 1, 0, 0);
    odd_check(&o, ift_graph_gemm(o.g, y, false, s, false, 0.5f, o.x, 0));
}

/* Parameters where activations usually are. */
static void test_parameters_as_activations(void) {
    struct odd o = odd_new(true);
    const ift_val p = case_param(&o.b, "p", 6, 6, true), n = case_param(&o.b, "norm", 6, 0, true);
    const ift_val z = ift_graph_glu(o.g, p, ift_graph_axpby(o.g, 0.5f, p, 1.5f, p), IFT_ACT_SILU);
    ift_val sum;
    const ift_val w = ift_graph_add_norm(o.g, z, p, n, 1e-5f, &sum);
    const ift_val v = ift_graph_norm(o.g, p, n, 1e-5f);
    odd_check(&o, ift_graph_linear(o.g, ift_graph_linear(o.g, o.x, w, 0),
                                   ift_graph_axpby(o.g, 1, v, 1, sum), 0));
}

/* Only part of a residual sum is read. */
static void test_norm_outputs_left_alone(void) {
    struct odd o = odd_new(true);
    const ift_val n = case_param(&o.b, "norm", 6, 0, true),
                  m = case_param(&o.b, "norm2", 6, 0, true);
    ift_val sum, unread;
    ift_graph_add_norm(o.g, o.x, ift_graph_axpby(o.g, 3, o.x, 0, 0), n, 1e-5f,
                       &sum); /* the norm itself goes nowhere */
    odd_check(&o, ift_graph_add_norm(o.g, sum, o.x, m, 1e-5f, &unread));
}

/* A block as Bloom has it: layer norms, q, k and v of each head side by side, slopes, a plain
 * activation; then the same with a prefix and without biases. */
static void test_slopes_and_layer_norms(void) {
    for (int prefix = 0; prefix <= 4; prefix += 4) {
        struct odd o = odd_new(true);
        const ift_val fused = case_param(&o.b, "fused", 18, 6, true),
                      up = case_param(&o.b, "up", 7, 6, true),
                      down = case_param(&o.b, "down", 6, 7, true);
        const ift_val bias = prefix ? 0 : case_param(&o.b, "bias", 6, 0, true);
        const struct ift_graph_attn a = {.heads = 3,
                                         .kv_heads = 3,
                                         .head_dim = 2,
                                         .scale = 0.6f,
                                         .causal = true,
                                         .slopes = case_param(&o.b, "slopes", 3, 0, false)};
        ift_val h =
            ift_graph_layer_norm(o.g, o.x, case_param(&o.b, "norm1", 6, 0, true), bias, 1e-5f);
        ift_val q, k, v, sum;
        const struct ift_graph_split s = {.groups = 3, .q = 2, .k = 2, .v = 2};
        const ift_val qkv =
            ift_graph_linear(o.g, h, fused, prefix ? 0 : case_param(&o.b, "qkv", 18, 0, true));
        ift_graph_split(o.g, qkv, s, &q, &k, &v);
        h = ift_graph_attn(o.g, q, k, v, o.b.segments, a);
        h = ift_graph_add_layer_norm(o.g, o.x, h, case_param(&o.b, "norm2", 6, 0, true), bias,
                                     1e-5f, &sum);
        h = ift_graph_act(o.g, ift_graph_linear(o.g, h, up, 0), IFT_ACT_GELU_TANH);
        h = ift_graph_linear_add(o.g, h, down, 1, sum);
        odd_check_head(&o, h, case_param(&o.b, "head", 9, 6, true), prefix);
    }
}

/* Parts that no gradient reaches count as 0; parts without columns are none. */
static void test_split(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "w", 20, 6, true), u = case_param(&o.b, "u", 12, 6, true);
    ift_val q, k, v, gate, up, none;
    ift_graph_split(o.g, ift_graph_linear(o.g, o.x, w, 0),
                    (struct ift_graph_split){.groups = 2, .q = 4, .k = 3, .v = 3, .v_before_k = 1},
                    &q, &k, &v);
    ift_graph_split(o.g, ift_graph_linear(o.g, o.x, u, 0),
                    (struct ift_graph_split){.groups = 1, .q = 6, .k = 6}, &gate, &up, &none);
    CHECK(q && k && v && gate && up && !none);
    const ift_val h = ift_graph_glu(o.g, gate, up, IFT_ACT_TANH);
    odd_check(&o, ift_graph_axpby(o.g, 1, h, -0.7f, k)); /* k alone */
}

static void test_acts(void) {
    for (int act = IFT_ACT_SILU; act <= IFT_ACT_TANH; act++) {
        struct odd o = odd_new(true);
        const ift_val w = case_param(&o.b, "w", 6, 6, true), p = case_param(&o.b, "p", 6, 6, true);
        const ift_val h = ift_graph_act(o.g, ift_graph_linear(o.g, o.x, p, 0), (enum ift_act)act);
        odd_check(&o, ift_graph_linear_add(o.g, h, w, 1, ift_graph_act(o.g, o.x, act)));
    }
}

/* Heads normed one by one, and two parts of a head turned by one table. */
static void test_heads(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "norm", 3, 0, true), b = case_param(&o.b, "b", 2, 0, true),
                  c = case_param(&o.b, "norm2", 2, 0, true);
    ift_val h = ift_graph_norm(o.g, o.x, w, 1e-5f), sum;         /* 2 heads of 3 */
    h = ift_graph_add_layer_norm(o.g, h, o.x, c, b, 0.1f, &sum); /* 3 of 2 */
    h = ift_graph_rope(o.g, h, o.b.positions, o.b.table, 1, 6, 0, 2, false);
    h = ift_graph_rope(o.g, h, o.b.positions, o.b.table, 1, 6, 3, 2, true);
    odd_check(&o, ift_graph_axpby(o.g, 1, h, 0.3f, sum));
}

/* Rows of length 1 as the weight of a product and of the loss, whose gradients are then values. */
static void test_unit_rows(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "w", 6, 6, true),
                  head = case_param(&o.b, "head", 9, 6, true);
    const ift_val h =
        ift_graph_linear(o.g, ift_graph_unit_rows(o.g, o.x), ift_graph_unit_rows(o.g, w), 0);
    odd_check_head(&o, h, ift_graph_unit_rows(o.g, head), 0);
    o = odd_new(
        true); /* the weight is used before too, and has a gradient when the loss adds its */
    const ift_val unit = ift_graph_unit_rows(o.g, ift_graph_find(o.g, "embed"));
    const ift_val z = ift_graph_linear(o.g, o.x, unit, 0);
    odd_check_head(&o, ift_graph_gemm(o.g, z, false, unit, false, 1, o.x, 0), unit, 0);
}

/* Two runs leave twice the gradient. */
static void test_runs_accumulate(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct case_run r = {.d = &d, .g = ift_graph_new()};
    const ift_val loss = case_forward(r.g, &tiny);
    const struct case_batch b = case_batch_of(&tiny, (const int[]){9}, 1);
    CHECK_OK(ift_graph_backward(r.g, loss, &err), &err);
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 9, 1, 0}, &err), &err);
    case_bind(&r);
    case_upload(&r, &b);
    const char *const names[] = {"embed", "head", "norm", "0.q", "1.down", "0.norm2"};
    float *once[6];
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    for (int i = 0; i < 6; i++)
        once[i] = case_download(&r, ift_graph_grad(r.g, ift_graph_find(r.g, names[i])), b.extent);
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    for (int i = 0; i < 6; i++) {
        const ift_val p = ift_graph_find(r.g, names[i]);
        float *twice = case_download(&r, ift_graph_grad(r.g, p), b.extent);
        for (int64_t j = 0; j < ift_value_count(ift_graph_value(r.g, p), b.extent); j++)
            CHECK_NEAR(twice[j], 2 * once[i][j], 1e-6 * (1 + fabsf(once[i][j])));
        free(twice);
        free(once[i]);
    }
    case_run_release(&r);
    ift_device_close(&d);
}

int main(void) {
    test_llama();
    test_pad();
    test_lora();
    test_recompute();
    test_biased_loss();
    test_computed_head();
    test_values_used_often();
    test_one_value_for_all();
    test_products();
    test_parameters_as_activations();
    test_norm_outputs_left_alone();
    test_slopes_and_layer_norms();
    test_split();
    test_acts();
    test_heads();
    test_unit_rows();
    test_runs_accumulate();
    return check_done();
}
