#include "libcore/shard/pack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/progress.h"
#include "libcore/base/rng.h"
#include "libcore/shard/bins.h"
#include "libcore/shard/provenance.h"
#include "libcore/shard/rowout.h"

const char *const ift_pack_long[] = {"drop", "truncate", "split", NULL};

/* ---- the window ---- */

struct doc {
    size_t at; /* of its tokens in the pools */
    uint32_t n, row;
};

struct window {
    int32_t *id;
    uint8_t *learn;
    size_t n, cap_id, cap_learn;
    struct doc *doc;
    size_t ndocs, cap_doc;
    uint64_t flushed; /* windows so far */
};

struct state {
    const struct ift_pack *job;
    const struct ift_run *run;
    uint32_t capacity;
    struct window window;
    struct ift_rowout *out;
    struct {
        int32_t *id;
        uint8_t *learn;
        uint32_t *doc;
    } row; /* the one being written, (capacity) each */
    uint64_t docs, rows, tokens, longer, unlearned;
};

static void add_doc(struct state *s, const int32_t *id, const uint8_t *learn, uint32_t n) {
    struct window *const w = &s->window;
    const struct ift_row doc = {id, learn, n, &n, 1};
    if (ift_row_learned(&doc) == 0) {
        s->unlearned++;
        return;
    }
    w->id = ift_grow(w->id, w->n + n, &w->cap_id, sizeof *w->id);
    w->learn = ift_grow(w->learn, w->n + n, &w->cap_learn, sizeof *w->learn);
    w->doc = ift_grow(w->doc, w->ndocs + 1, &w->cap_doc, sizeof *w->doc);
    memcpy(w->id + w->n, id, n * sizeof *id);
    memcpy(w->learn + w->n, learn, n);
    w->doc[w->ndocs++] = (struct doc){w->n, n, 0};
    w->n += n;
}

static void take_doc(struct state *s, const int32_t *id, const uint8_t *learn, uint32_t n) {
    s->docs++;
    if (n <= s->capacity) {
        add_doc(s, id, learn, n);
        return;
    }
    s->longer++;
    if (strcmp(s->job->longer, "drop") == 0) return;
    const bool split = strcmp(s->job->longer, "split") == 0;
    for (uint32_t at = 0; at < (split ? n : 1); at += s->capacity)
        add_doc(s, id + at, learn + at, n - at < s->capacity ? n - at : s->capacity);
}

static int write_row(struct state *s, const struct doc *const *doc, size_t ndocs,
                     struct ift_err *err) {
    size_t n = 0;
    for (size_t i = 0; i < ndocs; i++) {
        memcpy(s->row.id + n, s->window.id + doc[i]->at, doc[i]->n * sizeof *s->row.id);
        memcpy(s->row.learn + n, s->window.learn + doc[i]->at, doc[i]->n);
        s->row.doc[i] = doc[i]->n;
        n += doc[i]->n;
    }
    s->rows++;
    s->tokens += n;
    const struct ift_row row = {s->row.id, s->row.learn, n, s->row.doc, ndocs};
    return ift_rowout_add(s->out, &row, err);
}

/* The most room that a row may have and leave: all of it at the end; else so little that it counts
 * as full, or what it takes to let half of the window's tokens go. */
static uint32_t choose_room(const struct state *s, const uint32_t *used, size_t rows, bool last) {
    if (last) return s->capacity;
    uint64_t *const tokens = ift_alloc0((size_t)s->capacity + 1, sizeof *tokens), gone = 0;
    for (size_t r = 0; r < rows; r++) tokens[s->capacity - used[r]] += used[r];
    uint32_t room = 0;
    for (gone = tokens[0];
         room < s->capacity && (room < s->capacity / 1024 || 2 * gone < s->window.n);)
        gone += tokens[++room];
    free(tokens);
    return room;
}

/* Writes the rows with at most `room` left. first[r] .. first[r + 1] are the documents of row r in
 * `doc`. */
static int write_rows(struct state *s, const struct doc *const *doc, const uint32_t *first,
                      const uint32_t *used, size_t rows, uint32_t room, struct ift_err *err) {
    uint32_t *const order = ift_alloc(rows * sizeof *order);
    if (s->job->shuffle) {
        struct ift_rng rng = ift_rng(s->run->seed, 0x7061636b /* "pack" */, s->window.flushed);
        ift_rng_permutation(&rng, order, rows);
    } else {
        for (uint32_t r = 0; r < rows; r++) order[r] = r;
    }
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < rows; k++) {
        const uint32_t r = order[k];
        if (s->capacity - used[r] <= room)
            rc = write_row(s, doc + first[r], first[r + 1] - first[r], err);
    }
    free(order);
    return rc;
}

/* What was not written moves to the front. */
static void keep_rest(struct state *s, const uint32_t *used, uint32_t room) {
    struct window *const w = &s->window;
    size_t n = 0, ndocs = 0;
    for (size_t i = 0; i < w->ndocs; i++) {
        const struct doc d = w->doc[i];
        if (s->capacity - used[d.row] <= room) continue;
        memmove(w->id + n, w->id + d.at, d.n * sizeof *w->id);
        memmove(w->learn + n, w->learn + d.at, d.n);
        w->doc[ndocs++] = (struct doc){n, d.n, 0};
        n += d.n;
    }
    w->n = n;
    w->ndocs = ndocs;
    w->flushed++;
}

/* Numbers rows by their first document. */
static void renumber(struct window *w, const uint32_t *bin, size_t rows) {
    uint32_t *const number = ift_alloc(rows * sizeof *number), next = 0;
    memset(number, 0xff, rows * sizeof *number);
    for (size_t i = 0; i < w->ndocs; i++) {
        if (number[bin[i]] == UINT32_MAX) number[bin[i]] = next++;
        w->doc[i].row = number[bin[i]];
    }
    free(number);
}

static int flush(struct state *s, bool last, struct ift_err *err) {
    struct window *const w = &s->window;
    if (w->ndocs == 0) return 0;
    uint32_t *const length = ift_alloc(w->ndocs * sizeof *length), *const bin = ift_alloc(
                                                                       w->ndocs * sizeof *bin);
    for (size_t i = 0; i < w->ndocs; i++) length[i] = w->doc[i].n;
    const size_t rows = ift_bins_pack(length, w->ndocs, s->capacity, bin);
    renumber(w, bin, rows);

    uint32_t *const first = ift_alloc0(rows + 1, sizeof *first), *const used = ift_alloc0(
                                                                     rows, sizeof *used);
    const struct doc **const doc = ift_alloc(w->ndocs * sizeof *doc);
    for (size_t i = 0; i < w->ndocs; i++) {
        first[w->doc[i].row + 1]++;
        used[w->doc[i].row] += w->doc[i].n;
    }
    for (size_t r = 0; r < rows; r++) first[r + 1] += first[r];
    for (size_t i = 0; i < w->ndocs; i++) doc[first[w->doc[i].row]++] = &w->doc[i];
    memmove(first + 1, first,
            rows * sizeof *first); /* filling moved each to the next one's place */
    first[0] = 0;

    const uint32_t room = choose_room(s, used, rows, last);
    const int rc = write_rows(s, doc, first, used, rows, room, err);
    keep_rest(s, used, room);
    free(length);
    free(bin);
    free(first);
    free(used);
    free(doc);
    return rc;
}

/* ---- the run ---- */

static int start(struct state *s, struct ift_rows *rows, struct ift_out *out, struct ift_err *err) {
    struct ift_shard_meta meta;
    struct ift_str before = {0}, provenance = {0};
    IFT_TRY(ift_rows_peek(rows, err));
    int rc = ift_shard_meta_read(&meta, ift_rows_header(rows), &before, err);
    if (rc == 0) {
        ift_provenance_add(&provenance, meta.provenance, s->run);
        meta.provenance = provenance.p;
        rc = ift_rowout_start(&s->out, out, s->job->as, &meta, err);
    }
    ift_str_release(&before);
    ift_str_release(&provenance);
    return rc;
}

static int pack_rows(struct state *s, struct ift_rows *rows, struct ift_progress *progress,
                     struct ift_err *err) {
    struct ift_row row;
    int got;
    while ((got = ift_rows_next(rows, &row, err)) > 0) {
        for (size_t d = 0, at = 0; d < row.ndocs; at += row.doc[d++])
            take_doc(s, row.id + at, row.learn + at, row.doc[d]);
        if (s->window.n >= (size_t)s->job->window) IFT_TRY(flush(s, false, err));
        ift_progress_update(progress, s->docs, NULL);
    }
    IFT_TRY(got);
    return flush(s, true, err);
}

static void print_tally(const struct state *s) {
    struct ift_str text = {0};
    ift_str_addf(&text, "%" PRIu64 " documents in, %" PRIu64 " rows of %u tokens out", s->docs,
                 s->rows, s->capacity);
    if (s->rows > 0)
        ift_str_addf(&text, ", %.2f %% full",
                     100.0 * (double)s->tokens / ((double)s->rows * s->capacity));
    const char *const longer = strcmp(s->job->longer, "drop") == 0 ? "left out"
                               : s->job->longer[0] == 's'          ? "split"
                                                                   : "cut";
    if (s->longer > 0) ift_str_addf(&text, "; %" PRIu64 " too long, %s", s->longer, longer);
    if (s->unlearned > 0)
        ift_str_addf(&text, "; %" PRIu64 " without a learned token, left out", s->unlearned);
    ift_note(s->run, "%s", text.p);
    ift_str_release(&text);
}

static int run_all(struct state *s, struct ift_rows *rows, struct ift_err *err) {
    struct ift_out *out;
    IFT_TRY(ift_out_open(&out, s->run->common.output, err));
    struct ift_progress *const progress = ift_progress_new(s->run->tool->name, "documents", 0,
                                                           !s->run->common.quiet);
    int rc = start(s, rows, out, err);
    if (rc == 0) rc = pack_rows(s, rows, progress, err);
    if (rc == 0) {
        rc = ift_rowout_finish(s->out, err);
        s->out = NULL;
    }
    ift_rowout_abandon(s->out);
    ift_progress_free(progress);
    if (rc == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return -1;
}

int ift_pack_run(const struct ift_pack *job, const struct ift_run *run, struct ift_err *err) {
    struct state s = {.job = job, .run = run, .capacity = (uint32_t)job->length};
    struct ift_rows *rows;
    IFT_TRY(ift_rows_open(&rows, run->operand, run->noperands, err));
    s.row.id = ift_alloc(s.capacity * sizeof *s.row.id);
    s.row.learn = ift_alloc(s.capacity);
    s.row.doc = ift_alloc(s.capacity * sizeof *s.row.doc);
    const int rc = run_all(&s, rows, err);
    if (rc == 0) print_tally(&s);
    ift_rows_free(rows);
    free(s.row.id);
    free(s.row.learn);
    free(s.row.doc);
    free(s.window.id);
    free(s.window.learn);
    free(s.window.doc);
    return rc;
}
