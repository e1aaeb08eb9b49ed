#include "libcore/text/measure.h"

#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"
#include "libcore/text/texts.h"

struct state {
    const struct ift_tokenizer *const *t;
    struct ift_measured *m;
};

struct worker {
    struct ift_encoder *encoder[2];
    struct ift_tokens tokens;
    struct ift_measured m;
};

static void *begin_worker(void *ctx) {
    const struct state *const s = ctx;
    struct worker *const w = ift_alloc0(1, sizeof *w);
    for (int i = 0; i < 2; i++) w->encoder[i] = ift_encoder_new(s->t[i]);
    return w;
}

static int measure_text(void *ctx, void *local, struct ift_slice text, struct ift_err *err) {
    (void)ctx;
    struct worker *const w = local;
    w->m.characters += ift_utf8_count(text.p, text.n);
    for (int i = 0; i < 2; i++) {
        IFT_TRY(ift_encoder_encode(w->encoder[i], text.p, text.n, NULL, &w->tokens, err));
        w->m.tokens[i] += w->tokens.n;
    }
    return 0;
}

static void end_worker(void *ctx, void *local) {
    struct state *const s = ctx;
    struct worker *const w = local;
    s->m->characters += w->m.characters;
    for (int i = 0; i < 2; i++) {
        s->m->tokens[i] += w->m.tokens[i];
        ift_encoder_free(w->encoder[i]);
    }
    ift_tokens_release(&w->tokens);
    free(w);
}

int ift_measure(const struct ift_tokenizer *const t[2], const char *const *paths, size_t npaths,
                const char *field, const struct ift_run *run, struct ift_measured *m,
                struct ift_err *err) {
    *m = (struct ift_measured){0};
    struct state s = {t, m};
    struct ift_texts_seen seen;
    const struct ift_texts texts = {paths, npaths, field, begin_worker, end_worker, measure_text};
    const int rc = ift_texts_run(&texts, &s, run, &seen, err);
    m->texts = seen.texts;
    return rc;
}

double ift_measured_ratio(const struct ift_measured *m, int which) {
    return m->tokens[which] ? (double)m->characters / (double)m->tokens[which] : 0;
}
