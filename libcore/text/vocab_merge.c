#include "libcore/text/vocab_merge.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/opt.h"
#include "libcore/io/script.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"
#include "libcore/text/measure.h"
#include "libcore/text/protobuf.h"
#include "libcore/text/sentencepiece.h"
#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581 */

/* Fields of ModelProto and TrainerSpec (sentencepiece_model.proto). */
enum { PIECES = 1, TRAINER = 2, SELF_TEST = 4, VOCAB_SIZE = 4 };

const char *const ift_vocab_merge_scores[] = {"auto", "zero", "below", "own", NULL};
enum scores { AUTO, ZERO, BELOW, OWN };

struct model {
    struct ift_str text;
    struct ift_sentencepiece says;
};

struct added {
    struct ift_slice text;
    float score;   /* in `add`, then in the result */
    uint32_t turn; /* in the order of ids in `add` */
};

struct merging {
    const struct ift_vocab_merge *job;
    const struct ift_script *script[IFT_SCRIPTS_MOST + 1]; /* the first NULL: any */
    struct model base, add;
    struct added *added;
    size_t n, known, special,
        filtered; /* NORMAL pieces that the base has; of other types; left out */
    enum scores scores;
    bool tests; /* self-test samples were left out */
};

static int open_model(struct model *m, const char *path, struct ift_err *err) {
    IFT_TRY(ift_in_slurp(path, &m->text, 0, err));
    size_t i = 0;
    while (i < m->text.n && (m->text.p[i] == ' ' || m->text.p[i] == '\n')) i++;
    const bool json = i < m->text.n && m->text.p[i] == '{';
    if (json || ift_tiktoken_is(ift_str_slice(&m->text)))
        return IFT_FAIL(err,
                        "%s is a %s, which has no SentencePiece pieces to merge: give a "
                        "SentencePiece tokenizer.model",
                        path, json ? "JSON file" : "tiktoken file");
    if (ift_sentencepiece_parse(&m->says, m->text.p, m->text.n, err) < 0)
        return ift_fail_in(err, "%s", path);
    return 0;
}

static void close_model(struct model *m) {
    ift_sentencepiece_release(&m->says);
    ift_str_release(&m->text);
}

/* ---- which pieces ---- */

static bool is_wanted(const struct merging *g, struct ift_slice piece) {
    if (piece.n > 3 && memcmp(piece.p, META, 3) == 0)
        piece = (struct ift_slice){piece.p + 3, piece.n - 3};
    const size_t characters = ift_utf8_count(piece.p, piece.n);
    if (characters < g->job->fewest || (g->job->most && characters > g->job->most)) return false;
    uint32_t code = 0;
    for (size_t i = 0; g->script[0] && i < piece.n; i += ift_utf8_encode(code, (char[4]){0})) {
        ift_utf8_decode(piece.p + i, piece.n - i, &code);
        size_t k = 0;
        while (g->script[k] && !ift_script_has(g->script[k], code)) k++;
        if (!g->script[k]) return false;
    }
    return true;
}

static int by_score(const void *a, const void *b) {
    const struct added *const x = a, *const y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->turn > y->turn) - (x->turn < y->turn);
}

static int by_turn(const void *a, const void *b) {
    const struct added *const x = a, *const y = b;
    return (x->turn > y->turn) - (x->turn < y->turn);
}

static void choose_pieces(struct merging *g) {
    const struct ift_sentencepiece *const base = &g->base.says, *const add = &g->add.says;
    struct ift_vocab seen = {0};
    ift_vocab_reserve(&seen, base->n + add->n);
    for (size_t i = 0; i < base->n; i++) {
        ift_vocab_add(&seen, base->piece[i].text.p, base->piece[i].text.n, IFT_PIECE_NORMAL);
        ift_vocab_index(&seen, (uint32_t)i);
    }
    g->added = ift_alloc0(add->n, sizeof *g->added);
    for (size_t i = 0; i < add->n; i++) {
        const struct ift_slice text = add->piece[i].text;
        if (add->piece[i].type != IFT_SP_NORMAL) {
            g->special++;
        } else if (ift_vocab_find(&seen, text.p, text.n) >= 0) {
            g->known++;
        } else if (!is_wanted(g, text)) {
            g->filtered++;
        } else {
            g->added[g->n++] = (struct added){text, add->piece[i].score, (uint32_t)i};
            ift_vocab_add(&seen, text.p, text.n, IFT_PIECE_NORMAL);
            ift_vocab_index(&seen, (uint32_t)seen.n - 1);
        }
    }
    ift_vocab_release(&seen);
    if (g->job->limit && g->n > g->job->limit) {
        qsort(g->added, g->n, sizeof *g->added, by_score);
        g->filtered += g->n - g->job->limit;
        g->n = g->job->limit;
        qsort(g->added, g->n, sizeof *g->added, by_turn);
    }
}

/* ---- what they score ---- */

static void choose_rule(struct merging *g) {
    g->scores = ift_opt_choice(ift_vocab_merge_scores, g->job->scores);
    if (g->scores != AUTO) return;
    if (g->base.says.model_type == IFT_SP_BPE)
        g->scores = ZERO;
    else
        g->scores = g->add.says.model_type == IFT_SP_UNIGRAM ? OWN : BELOW;
}

static void set_scores(struct merging *g) {
    if (g->scores == OWN) return;
    float score = INFINITY;
    for (size_t i = 0; i < g->base.says.n; i++)
        if (g->base.says.piece[i].type == IFT_SP_NORMAL)
            score = fminf(score, g->base.says.piece[i].score);
    if (!isfinite(score)) score = 0;
    qsort(g->added, g->n, sizeof *g->added, by_score);
    for (size_t i = 0; i < g->n; i++) {
        /* Scores of -10^9 are there, and one less is the same number. */
        score = fminf(score - 1, nextafterf(score, -INFINITY));
        g->added[i].score = g->scores == ZERO ? 0 : score;
    }
    qsort(g->added, g->n, sizeof *g->added, by_turn);
}

/* ---- writing ---- */

static void add_varint(struct ift_str *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) ift_str_addc(out, (char)(value | 0x80));
    ift_str_addc(out, (char)value);
}

static void add_message(struct ift_str *out, uint32_t field, const struct ift_str *message) {
    add_varint(out, (uint64_t)field << 3 | IFT_PROTOBUF_BYTES);
    add_varint(out, message->n);
    ift_str_add(out, message->p, message->n);
}

static void add_pieces(const struct merging *g, struct ift_str *out) {
    struct ift_str piece = {0};
    for (size_t i = 0; i < g->n; i++) {
        const struct added *const a = &g->added[i];
        uint32_t bits;
        memcpy(&bits, &a->score, sizeof bits);
        ift_str_clear(&piece);
        add_varint(&piece, 1 << 3 | IFT_PROTOBUF_BYTES);
        add_varint(&piece, a->text.n);
        ift_str_add(&piece, a->text.p, a->text.n);
        add_varint(&piece, 2 << 3 | IFT_PROTOBUF_FIXED32);
        for (int k = 0; k < 4; k++) ift_str_addc(&piece, (char)(bits >> (8 * k)));
        add_message(out, PIECES, &piece);
    }
    ift_str_release(&piece);
}

/* The specification with the new size where it states one. Its fields were parsed before. */
static void add_trainer(const struct merging *g, struct ift_slice message, struct ift_str *out) {
    struct ift_str changed = {0};
    struct ift_protobuf r = {message.p, message.p + message.n};
    struct ift_protobuf_field f;
    ift_str_reserve(&changed, message.n);
    for (const char *from = r.p; ift_protobuf_next(&r, &f) > 0; from = r.p) {
        if (f.number == VOCAB_SIZE && f.wire == IFT_PROTOBUF_VARINT) {
            add_varint(&changed, VOCAB_SIZE << 3 | IFT_PROTOBUF_VARINT);
            add_varint(&changed, g->base.says.n + g->n);
        } else {
            ift_str_add(&changed, from, (size_t)(r.p - from));
        }
    }
    add_message(out, TRAINER, &changed);
    ift_str_release(&changed);
}

static void write_model(struct merging *g, struct ift_str *out) {
    const struct ift_str *const text = &g->base.text;
    struct ift_protobuf r = {text->p, text->p + text->n};
    struct ift_protobuf_field f;
    size_t pieces = 0;
    for (const char *from = r.p; ift_protobuf_next(&r, &f) > 0; from = r.p) {
        const bool message = f.wire == IFT_PROTOBUF_BYTES;
        if (message && f.number == SELF_TEST && f.bytes.n > 0)
            g->tests = true;
        else if (message && f.number == TRAINER)
            add_trainer(g, f.bytes, out);
        else
            ift_str_add(out, from, (size_t)(r.p - from));
        if (message && f.number == PIECES && ++pieces == g->base.says.n) add_pieces(g, out);
    }
}

/* ---- what it gives ---- */

/* Added pieces that merging does not make of their own text. */
static size_t count_unreached(const struct merging *g, const struct ift_tokenizer *t) {
    size_t unreached = 0;
    struct ift_encoder *const e = ift_encoder_new(t);
    for (size_t i = 0; i < g->n; i++) {
        const uint32_t id = (uint32_t)(g->base.says.n + i);
        const struct ift_slice piece = ift_vocab_piece(&t->vocab, id);
        t->scheme->split(e, piece.p, piece.n);
        unreached += e->ntokens != 1 || e->token[0].id != id;
    }
    ift_encoder_free(e);
    return unreached;
}

static void note_result(const struct merging *g, const struct ift_tokenizer *t,
                        const struct ift_run *run) {
    ift_note(run,
             "%zu pieces and %zu added make %zu; of %s %zu were there already, %zu left out, "
             "%zu not normal pieces",
             g->base.says.n, g->n, g->base.says.n + g->n, g->job->add, g->known, g->filtered,
             g->special);
    if (g->tests) ift_note(run, "the self-test samples of %s are left out", g->job->base);
    const size_t unreached = t->scheme == &ift_scheme_chars ? count_unreached(g, t) : 0;
    if (unreached > 0)
        ift_note(run, "%zu added pieces cannot be made by merging their own text", unreached);
}

static int measure(const struct merging *g, const struct ift_tokenizer *t,
                   const struct ift_run *run, struct ift_err *err) {
    struct ift_tokenizer *before;
    struct ift_measured m;
    if (g->job->npaths == 0) return 0;
    IFT_TRY(ift_tokenizer_open_text(&before, ift_str_slice(&g->base.text), err));
    const int rc = ift_measure((const struct ift_tokenizer *const[]){before, t}, g->job->paths,
                               g->job->npaths, g->job->field, run, &m, err);
    if (rc == 0)
        ift_note(run,
                 "%" PRIu64 " characters are %" PRIu64 " tokens before, %" PRIu64
                 " after; %.3f and %.3f characters per token",
                 m.characters, m.tokens[0], m.tokens[1], ift_measured_ratio(&m, 0),
                 ift_measured_ratio(&m, 1));
    ift_tokenizer_free(before);
    return rc;
}

static int finish(struct merging *g, const char *path, const struct ift_run *run,
                  struct ift_err *err) {
    struct ift_str out = {0};
    struct ift_tokenizer *t = NULL;
    write_model(g, &out);
    int rc = ift_tokenizer_open_text(&t, ift_str_slice(&out), err);
    if (rc < 0) ift_fail_in(err, "%s with the pieces of %s", g->job->base, g->job->add);
    if (rc == 0) rc = measure(g, t, run, err);
    if (rc == 0) rc = ift_out_text(path, ift_str_slice(&out), err);
    if (rc == 0) note_result(g, t, run);
    ift_tokenizer_free(t);
    ift_str_release(&out);
    return rc;
}

int ift_vocab_merge(const struct ift_vocab_merge *job, const char *path, const struct ift_run *run,
                    struct ift_err *err) {
    struct merging g = {.job = job};
    int rc = job->scripts ? ift_script_parse(job->scripts, g.script, err) : 0;
    if (rc == 0) rc = open_model(&g.base, job->base, err);
    if (rc == 0) rc = open_model(&g.add, job->add, err);
    if (rc == 0) {
        choose_rule(&g);
        choose_pieces(&g);
        set_scores(&g);
        rc = finish(&g, path, run, err);
    }
    free(g.added);
    close_model(&g.base);
    close_model(&g.add);
    return rc;
}
