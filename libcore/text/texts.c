#include "libcore/text/texts.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/pool.h"
#include "libcore/base/progress.h"
#include "libcore/data/source.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"
#include "libcore/text/pretoken.h"

enum { PART = 1 << 20 };

struct state {
    const struct ift_texts *t;
    void *ctx;
    struct ift_source *source; /* with a field */
    struct ift_in *in;         /* plain text */
    bool open;                 /* a member of it is being read */
    struct ift_str rest;       /* of it, read and not given to a batch yet */
    uint64_t given;            /* bytes of it that were */
    struct ift_progress *progress;
    struct ift_texts_seen seen;
    pthread_mutex_t done;
};

struct batch {
    struct ift_slab slab;
    struct ift_str part, file; /* of plain text */
    struct ift_texts_seen seen;
};

struct local {
    void *own;
    struct ift_json doc;
    struct ift_str text;
};

static void *batch_new(void *ctx) {
    (void)ctx;
    return ift_alloc0(1, sizeof(struct batch));
}

static void batch_free(void *ctx, void *batch) {
    (void)ctx;
    struct batch *const b = batch;
    ift_slab_release(&b->slab);
    ift_str_release(&b->part);
    ift_str_release(&b->file);
    free(b);
}

static void *local_new(void *ctx, struct ift_err *err) {
    (void)err;
    struct state *const s = ctx;
    struct local *const l = ift_alloc0(1, sizeof *l);
    l->own = s->t->begin(s->ctx);
    return l;
}

static void local_free(void *ctx, void *local) {
    struct state *const s = ctx;
    struct local *const l = local;
    pthread_mutex_lock(&s->done);
    s->t->done(s->ctx, l->own);
    pthread_mutex_unlock(&s->done);
    ift_json_release(&l->doc);
    ift_str_release(&l->text);
    free(l);
}

/* ---- reading ---- */

static bool is_ascii_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ift_texts_may_begin(const char *p, size_t i) {
    const unsigned char *const b = (const unsigned char *)p + i;
    if (!is_ascii_letter(p[i - 1]) && !(i >= 3 && ift_is_ideograph(p + i - 3))) return false;
    if (b[0] < 0x80) return !is_ascii_letter(p[i]);
    return (b[0] == 0xe3 && b[1] == 0x80 && b[2] >= 0x80 && b[2] < 0x83) || /* U+3000 to U+3002 */
           (b[0] == 0xef && b[1] == 0xbc && b[2] > 0x80 && b[2] < 0x90);    /* U+FF01 to U+FF0F */
}

/* The last place where a part may begin, not before `from`; 0: none. */
static size_t last_begin(const struct ift_str *s, size_t from) {
    for (size_t i = s->n < 3 ? 0 : s->n - 3; i > from; i--)
        if (ift_texts_may_begin(s->p, i)) return i;
    return 0;
}

/* Gives the first n bytes of the rest to a batch. */
static int give_part(struct state *s, struct batch *b, size_t n, struct ift_err *err) {
    const size_t right = ift_utf8_check(s->rest.p, n);
    if (right < n)
        return IFT_FAIL(err, "%s: byte %" PRIu64 " is not UTF-8; convert it, with iconv say",
                        ift_in_name(s->in), s->given + right + 1);
    ift_str_clear(&b->part);
    ift_str_add(&b->part, s->rest.p, n);
    ift_str_clear(&b->file);
    ift_str_adds(&b->file, ift_in_name(s->in));
    s->given += n;
    s->rest.n -= n;
    memmove(s->rest.p, s->rest.p + n, s->rest.n);
    return 1;
}

/* Fills a batch: 1, or 0 when there is no more. */
static int read_part(struct state *s, struct batch *b, struct ift_err *err) {
    size_t searched = 0, end = 0;
    while (end == 0) {
        const char *p;
        size_t n;
        int got = s->open ? ift_in_block(s->in, &p, &n, err) : 0;
        if (got < 0) return -1;
        if (got > 0) {
            ift_str_add(&s->rest, p, n);
            if (s->rest.n < PART) continue;
            end = last_begin(&s->rest, searched);
            searched = s->rest.n - 3;
            continue;
        }
        s->open = false;
        if (s->rest.n > 0) {
            end = s->rest.n;
        } else {
            if ((got = ift_in_next(s->in, err)) <= 0) return got;
            s->open = true;
            s->given = 0;
        }
    }
    return give_part(s, b, end, err);
}

static int read_batch(void *ctx, void *batch, struct ift_err *err) {
    struct state *const s = ctx;
    struct batch *const b = batch;
    b->seen = (struct ift_texts_seen){0};
    return s->t->field ? ift_source_fill(s->source, &b->slab, err) : read_part(s, b, err);
}

/* ---- work ---- */

static int take_field(const struct state *s, struct local *l, const struct ift_item *item,
                      struct ift_err *err) {
    const char *const field = s->t->field;
    if (item->wrong) return IFT_FAIL(err, "%s", item->wrong);
    IFT_TRY(ift_json_parse(&l->doc, item->text.p, item->text.n, err));
    const int node = ift_json_get(&l->doc, 0, field);
    if (node < 0) return IFT_FAIL(err, "missing \"%s\"", field);
    if (!ift_json_is(&l->doc, node, IFT_JSON_STRING))
        return IFT_FAIL(err, "\"%s\" is not a string", field);
    ift_str_clear(&l->text);
    ift_json_text(&l->doc, node, &l->text);
    return 0;
}

static int give(const struct state *s, struct batch *b, const struct local *l,
                struct ift_slice text, struct ift_err *err) {
    b->seen.texts++;
    b->seen.bytes += text.n;
    return text.n ? s->t->text(s->ctx, l->own, text, err) : 0;
}

static int work(void *ctx, void *local, void *batch, struct ift_err *err) {
    const struct state *const s = ctx;
    struct batch *const b = batch;
    struct local *const l = local;
    if (!s->t->field) {
        const int rc = give(s, b, l, ift_str_slice(&b->part), err);
        return rc < 0 ? ift_fail_in(err, "%s", b->file.p) : 0;
    }
    for (size_t i = 0; i < b->slab.n; i++) {
        const struct ift_item *const item = &b->slab.item[i];
        int rc = take_field(s, l, item, err);
        if (rc < 0 && item->cut) ift_fail_in(err, "the input is cut short here");
        if (rc == 0) rc = give(s, b, l, ift_str_slice(&l->text), err);
        if (rc < 0) return ift_item_fail(item, err);
    }
    return 0;
}

static int write_batch(void *ctx, void *batch, struct ift_err *err) {
    (void)err;
    struct state *const s = ctx;
    const struct batch *const b = batch;
    s->seen.texts += b->seen.texts;
    s->seen.bytes += b->seen.bytes;
    ift_progress_update(s->progress, s->seen.bytes, NULL);
    return 0;
}

int ift_texts_run(const struct ift_texts *t, void *ctx, const struct ift_run *run,
                  struct ift_texts_seen *seen, struct ift_err *err) {
    static const struct ift_pool_ops ops = {
        .batch_new = batch_new,
        .batch_free = batch_free,
        .local_new = local_new,
        .local_free = local_free,
        .read = read_batch,
        .work = work,
        .write = write_batch,
    };
    struct state s = {.t = t, .ctx = ctx, .done = PTHREAD_MUTEX_INITIALIZER};
    const struct ift_source_opts from = {.paths = t->paths, .npaths = t->npaths};
    int rc = t->field ? ift_source_open(&s.source, &from, err)
                      : ift_in_open(&s.in, t->paths, t->npaths, NULL, err);
    if (rc == 0) {
        s.progress = ift_progress_new(run->tool->name, "bytes", 0, !run->common.quiet);
        rc = ift_pool_run(&ops, &s, run->jobs, err);
    }
    ift_progress_free(s.progress);
    if (seen) *seen = s.seen;
    if (t->field)
        ift_source_free(s.source);
    else
        ift_in_free(s.in);
    ift_str_release(&s.rest);
    pthread_mutex_destroy(&s.done);
    return rc;
}
