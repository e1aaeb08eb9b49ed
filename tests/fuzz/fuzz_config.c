/* fuzz_config.c: any text is the config.json of a model whose forward, loss and gradients can be
 * described for every kind of run, or is refused with a message. Numbers in it are only numbers: no
 * shape takes memory, of which `run` gives it little. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "libcore/model/alibi.h"
#include "libcore/model/arch.h"
#include "libcore/model/rope_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The most that is described: what it costs grows with layers alone. */
enum { LAYERS = 12, POSITIONS = 16, SMALL = 4096 };

static void need(int ok) {
    if (!ok) abort();
}

/* How a forward may be asked for. */
enum kind { LEARNING, SCORING, GENERATING, KINDS };

static void describe(const struct ift_arch *arch, const struct ift_config *c, enum kind kind) {
    struct ift_err err = {0};
    struct ift_graph *const g = ift_graph_new();
    struct ift_build b = {.train_base = kind == LEARNING,
                          .learning = kind == LEARNING,
                          .cache_rows = kind == GENERATING ? POSITIONS : 0,
                          .positions_max = POSITIONS};
    ift_build_begin_config(&b, arch, c, g);
    const ift_val hidden = ift_build_forward(&b);
    if (kind == GENERATING) {
        ift_graph_keep(g, ift_build_logits(&b, hidden));
    } else {
        const ift_val targets =
            ift_graph_input(g, "targets", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
        const ift_val scale =
            ift_graph_input(g, "scale", IFT_F32, IFT_FIXED, 1, (const int64_t[]){1});
        const ift_val loss = ift_build_loss(&b, hidden, targets, scale);
        ift_graph_keep(g, loss);
        if (kind == LEARNING && ift_graph_check(g, &err) == 0)
            need(ift_graph_backward(g, loss, &err) == 0 || err.text[0]);
    }
    need(ift_graph_check(g, &err) == 0 || err.text[0]);
    ift_graph_free(g);
}

/* Tables are of numbers, whatever the settings. */
static void tables(const struct ift_config *c) {
    if (c->heads <= SMALL) {
        float *const slopes = calloc((size_t)c->heads, sizeof *slopes);
        ift_alibi_slopes(c->heads, slopes);
        for (int64_t i = 0; i < c->heads; i++) need(isfinite(slopes[i]));
        free(slopes);
    }
    if (c->rope.dims < 2 || c->rope.dims > SMALL) return;
    float *const table = calloc((size_t)(POSITIONS * c->rope.dims), sizeof *table);
    ift_rope_table_fill(&c->rope, POSITIONS, table);
    free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    const struct ift_arch *arch = NULL;
    struct ift_config c = {.vocab = 0};
    struct ift_str text = {0};
    const int rc = ift_arch_configure((const char *)data, size, &arch, &c, &err);
    need(rc == 0 || err.text[0]);
    if (rc == 0) {
        need(c.vocab > 0 && c.hidden > 0 && c.layers > 0 && c.heads > 0 && c.head_dim > 0);
        need(c.kv_heads > 0 && c.heads % c.kv_heads == 0 && c.max_positions > 0);
        need(c.bos < c.vocab && c.pad < c.vocab && c.embed_pad < c.vocab);
        need(c.neos >= 0 && c.neos <= IFT_MAX_EOS);
        for (int i = 0; i < c.neos; i++) need(c.eos[i] >= 0 && c.eos[i] < c.vocab);
        need(ift_config_set_dtype((const char *)data, size, IFT_BF16, &text, &err) == 0 ||
             err.text[0]);
        tables(&c);
        for (enum kind kind = 0; c.layers <= LAYERS && kind < KINDS; kind++)
            describe(arch, &c, kind);
    }
    ift_str_release(&text);
    return 0;
}
