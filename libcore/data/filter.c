#include "libcore/data/filter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/pool.h"
#include "libcore/base/progress.h"
#include "libcore/data/reject.h"
#include "libcore/io/stream.h"

struct counts {
    uint64_t in, out, dropped, rejected, untold, note[IFT_FILTER_NOTES];
};

/* A slab on its way: what it held, what became of it. */
struct batch {
    struct ift_slab slab;
    struct ift_str out;
    struct ift_reject_list rejects;
    struct counts counts;
    struct ift_err broken; /* the run ends after this batch's output */
    bool is_broken;
};

struct state {
    const struct ift_filter *f;
    void *ctx;
    const struct ift_run *run;
    struct ift_source *source;
    struct ift_out *out;
    struct ift_rejects *rejects;
    struct ift_progress *progress;
    struct counts total;
    uint64_t marks; /* byte order marks, known at the end */
};

struct local {
    void *own;                /* the tool's */
    struct ift_record record; /* for --as */
    struct ift_str text;      /* what map appended, when --as rewrites it */
};

void ift_emit_end(struct ift_emit *e) {
    ift_str_addc(e->out, '\n');
    e->n++;
}

/* ---- batches and locals ---- */

static void *batch_new(void *ctx) {
    (void)ctx;
    return ift_alloc0(1, sizeof(struct batch));
}

static void batch_free(void *ctx, void *batch) {
    (void)ctx;
    struct batch *const b = batch;
    ift_slab_release(&b->slab);
    ift_str_release(&b->out);
    ift_reject_list_release(&b->rejects);
    free(b);
}

static void local_free(void *ctx, void *local) {
    struct state *const s = ctx;
    struct local *const l = local;
    if (s->f->local_free) s->f->local_free(s->ctx, l->own);
    ift_record_release(&l->record);
    ift_str_release(&l->text);
    free(l);
}

static void *local_new(void *ctx, struct ift_err *err) {
    struct state *const s = ctx;
    struct local *const l = ift_alloc0(1, sizeof *l);
    if (!s->f->local_new) return l;
    l->own = s->f->local_new(s->ctx, err);
    if (l->own) return l;
    free(l);
    return NULL;
}

static int read_batch(void *ctx, void *batch, struct ift_err *err) {
    struct state *const s = ctx;
    struct batch *const b = batch;
    ift_str_clear_to(&b->out, IFT_SLAB_MOST);
    ift_reject_list_clear(&b->rejects);
    b->counts = (struct counts){0};
    b->is_broken = false;
    return ift_source_fill(s->source, &b->slab, err);
}

/* ---- work ---- */

/* Rewrites the lines in text in another shape: lines again, or elements of an array, each led by
 * the separator. */
static int reshape(struct local *l, enum ift_shape shape, struct ift_str *out, uint64_t *untold,
                   struct ift_err *err) {
    for (const char *p = l->text.p, *const end = p + l->text.n; p < end;) {
        const char *const nl = memchr(p, '\n', (size_t)(end - p));
        IFT_TRY(ift_record_parse(&l->record, p, (size_t)(nl - p), err));
        if (shape == IFT_SHAPE_JSON_ARRAY) ift_str_adds(out, ", ");
        IFT_TRY(ift_shape_write(out, &l->record, shape, untold, err));
        if (shape != IFT_SHAPE_JSON_ARRAY) ift_str_addc(out, '\n');
        p = nl + 1;
    }
    return 0;
}

static int map_item(const struct state *s, struct local *l, struct batch *b,
                    const struct ift_item *item, struct ift_err *err) {
    const bool rewrite = s->f->as != IFT_SHAPE_JSONL;
    struct ift_emit emit = {.out = rewrite ? &l->text : &b->out};
    const size_t before = b->out.n;
    uint64_t untold = 0;
    ift_str_clear(&l->text);
    int status = item->wrong ? ift_fail(err, "%s", item->wrong)
                             : s->f->map(s->ctx, l->own, item, &emit, err);
    if (status == 0 && rewrite && emit.n) status = reshape(l, s->f->as, &b->out, &untold, err);
    if (status < 0) {
        b->out.n = before;
        return status;
    }
    b->counts.out += emit.n;
    b->counts.dropped += emit.n == 0;
    b->counts.untold += untold;
    for (int i = 0; i < IFT_FILTER_NOTES; i++) b->counts.note[i] += emit.note[i];
    return 0;
}

static int work(void *ctx, void *local, void *batch, struct ift_err *err) {
    (void)err; /* failures travel in the batch, so that what came before them is written */
    const struct state *const s = ctx;
    struct batch *const b = batch;
    struct ift_err bad = {0};
    for (size_t i = 0; i < b->slab.n; i++) {
        const struct ift_item *const item = &b->slab.item[i];
        const int status = map_item(s, local, b, item, &bad);
        b->counts.in++;
        if (status == 0) continue;
        if (item->cut && status == IFT_FILTER_BAD) ift_fail_in(&bad, "the input is cut short here");
        if (status == IFT_FILTER_BROKEN || item->cut || !s->rejects) {
            ift_item_fail(item, &bad);
            b->broken = bad;
            b->is_broken = true;
            return 0;
        }
        ift_reject_add(s->rejects, &b->rejects, item, bad.text);
        b->counts.rejected++;
        bad = (struct ift_err){0};
    }
    return 0;
}

/* ---- writing ---- */

static int write_batch(void *ctx, void *batch, struct ift_err *err) {
    struct state *const s = ctx;
    struct batch *const b = batch;
    struct ift_slice text = ift_str_slice(&b->out);
    if (s->f->as == IFT_SHAPE_JSON_ARRAY && s->total.out == 0 && text.n) {
        text = (struct ift_slice){text.p + 2, text.n - 2}; /* no separator before the first */
    }
    if (s->f->write)
        IFT_TRY(s->f->write(s->ctx, text, err));
    else
        IFT_TRY(ift_out_write(s->out, text.p, text.n, err));
    s->total.in += b->counts.in;
    s->total.out += b->counts.out;
    s->total.dropped += b->counts.dropped;
    s->total.rejected += b->counts.rejected;
    s->total.untold += b->counts.untold;
    for (int i = 0; i < IFT_FILTER_NOTES; i++) s->total.note[i] += b->counts.note[i];
    ift_progress_update(s->progress, s->total.in, NULL);
    if (s->rejects) IFT_TRY(ift_rejects_write(s->rejects, &b->rejects, err));
    if (!b->is_broken) return 0;
    *err = b->broken;
    return -1;
}

static int wrote(void *ctx, struct ift_err *err) {
    const struct state *const s = ctx;
    return s->f->wrote(s->ctx, err);
}

static int run_pool(struct state *s, struct ift_err *err) {
    const struct ift_pool_ops ops = {
        .batch_new = batch_new,
        .batch_free = batch_free,
        .local_new = local_new,
        .local_free = local_free,
        .read = read_batch,
        .work = work,
        .write = write_batch,
        .wrote = s->f->wrote ? wrote : NULL,
    };
    const bool array = s->f->as == IFT_SHAPE_JSON_ARRAY;
    if (array) IFT_TRY(ift_out_write(s->out, "[", 1, err));
    if (s->f->begin) IFT_TRY(s->f->begin(s->ctx, s->out, err));
    IFT_TRY(ift_pool_run(&ops, s, s->run->jobs, err));
    if (s->f->end) IFT_TRY(s->f->end(s->ctx, s->total.in, err));
    return array ? ift_out_write(s->out, "]", 1, err) : 0;
}

static void print_tally(const struct state *s) {
    struct ift_str text = {0};
    ift_str_addf(&text, "%" PRIu64 " records in, %" PRIu64 " out", s->total.in, s->total.out);
    if (s->total.dropped) ift_str_addf(&text, ", %" PRIu64 " dropped", s->total.dropped);
    if (s->total.rejected || s->rejects)
        ift_str_addf(&text, ", %" PRIu64 " rejected", s->total.rejected);
    for (int i = 0; i < IFT_FILTER_NOTES; i++) {
        if (s->total.note[i])
            ift_str_addf(&text, "; %" PRIu64 " %s", s->total.note[i], s->f->note[i]);
    }
    if (s->total.untold)
        ift_str_addf(&text, "; %" PRIu64 " without the system text", s->total.untold);
    if (s->marks)
        ift_str_addf(&text, "; %" PRIu64 " byte order mark%s dropped", s->marks,
                     s->marks == 1 ? "" : "s");
    ift_note(s->run, "%s", text.p);
    ift_str_release(&text);
}

/* Closes what was opened, whatever happened, and keeps the first error. */
static int finish(struct state *s, int status, struct ift_err *err) {
    struct ift_err later = {0};
    ift_progress_free(s->progress);
    s->marks = s->source ? ift_source_marks(s->source) : 0;
    ift_source_free(s->source);
    if (status == 0) {
        status = ift_out_close(s->out, err);
    } else if (s->out) {
        (void)!ift_out_flush(s->out, &later); /* down a pipe goes what was good */
        ift_out_abandon(s->out);
    }
    if (ift_rejects_close(s->rejects, status ? &later : err) < 0) status = -1;
    if (status == 0) print_tally(s);
    return status;
}

int ift_filter_run(const struct ift_filter *f, void *ctx, const struct ift_run *run,
                   struct ift_err *err) {
    struct state s = {.f = f, .ctx = ctx, .run = run};
    const struct ift_source_opts from = {.paths = run->operand,
                                         .npaths = run->noperands,
                                         .member = f->member,
                                         .encoding = f->encoding,
                                         .read = f->read};
    int status = ift_source_open(&s.source, &from, err);
    if (status == 0) status = ift_rejects_open(&s.rejects, run, err);
    if (status == 0) status = ift_out_open(&s.out, run->common.output, err);
    if (status == 0) {
        s.progress = ift_progress_new(run->tool->name, "records", 0, !run->common.quiet);
        status = run_pool(&s, err);
    }
    return finish(&s, status, err);
}
