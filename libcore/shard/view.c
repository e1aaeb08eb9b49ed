#include "libcore/shard/view.h"

#include <inttypes.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/shard/shard.h"
#include "libcore/text/tokenizer.h"

struct state {
    const struct ift_view *job;
    struct ift_tokenizer *tokenizer;
    struct ift_rows *rows;
    struct ift_out *out;
    struct ift_str line, text, header; /* header: of the shard that was checked last */
    uint64_t nrows, ndocs;
};

static int put_line(struct state *s, struct ift_err *err) {
    ift_str_addc(&s->line, '\n');
    IFT_TRY(ift_out_write(s->out, s->line.p, s->line.n, err));
    ift_str_clear(&s->line);
    return 0;
}

/* Ids of one vocabulary read with another are nonsense without a sign of it. */
static int check_vocabulary(struct state *s, struct ift_err *err) {
    const char *const header = ift_rows_header(s->rows);
    struct ift_shard_meta meta;
    struct ift_str provenance = {0};
    if (!s->tokenizer || ift_slice_is(ift_str_slice(&s->header), header)) return 0;
    ift_str_clear(&s->header);
    ift_str_adds(&s->header, header);
    const int rc = ift_shard_meta_read(&meta, header, &provenance, err);
    ift_str_release(&provenance);
    IFT_TRY(rc);
    if (meta.vocab_digest != 0 && meta.vocab_digest != ift_tokenizer_info(s->tokenizer)->digest)
        return IFT_FAIL(err, "%s: made with another vocabulary than %s", ift_rows_where(s->rows),
                        s->job->vocab);
    return 0;
}

static int decode(struct state *s, const int32_t *id, size_t n, bool keep_control,
                  struct ift_err *err) {
    ift_str_clear(&s->text);
    if (ift_tokenizer_decode(s->tokenizer, id, n, keep_control, &s->text, err) < 0)
        return ift_fail_in(err, "%s", ift_rows_where(s->rows));
    ift_json_quote(&s->line, s->text.p ? s->text.p : "", s->text.n);
    return 0;
}

static int show_text(struct state *s, const int32_t *id, const uint8_t *learn, size_t n,
                     size_t number, struct ift_err *err) {
    ift_str_addf(&s->line, "{\"row\":%" PRIu64 ",\"doc\":%zu,\"text\":", s->nrows, number);
    IFT_TRY(decode(s, id, n, true, err));
    ift_str_adds(&s->line, ",\"learned\":[");
    bool first = true;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && learn[end] == learn[i]; end++) continue;
        if (!learn[i]) continue;
        if (!first) ift_str_addc(&s->line, ',');
        first = false;
        IFT_TRY(decode(s, id + i, end - i, true, err));
    }
    ift_str_adds(&s->line, "]}");
    return put_line(s, err);
}

static int show_decoded(struct state *s, const int32_t *id, size_t n, struct ift_err *err) {
    ift_str_addc(&s->line, '{');
    ift_json_quote(&s->line, s->job->field, strlen(s->job->field));
    ift_str_addc(&s->line, ':');
    IFT_TRY(decode(s, id, n, s->job->keep_control, err));
    ift_str_addc(&s->line, '}');
    return put_line(s, err);
}

static int show_row(struct state *s, const struct ift_row *row, struct ift_err *err) {
    s->nrows++;
    s->ndocs += row->ndocs;
    if (s->job->what == IFT_VIEW_HEADER) return 0;
    if (s->job->what == IFT_VIEW_ROWS) {
        ift_row_print(&s->line, row);
        return put_line(s, err);
    }
    IFT_TRY(check_vocabulary(s, err));
    for (size_t d = 0, at = 0; d < row->ndocs; at += row->doc[d++]) {
        if (s->job->what == IFT_VIEW_TEXT)
            IFT_TRY(show_text(s, row->id + at, row->learn + at, row->doc[d], d + 1, err));
        else
            IFT_TRY(show_decoded(s, row->id + at, row->doc[d], err));
    }
    return 0;
}

static int put_header(struct state *s, const char *header, const char *end, struct ift_err *err) {
    ift_str_addf(&s->line, "{\"header\":%s,\"end\":%s}", header, end);
    return put_line(s, err);
}

/* Each operand on its own, so that each shard's header and end are seen. */
static int show_headers(struct state *s, const char *const *paths, size_t n, struct ift_err *err) {
    for (size_t i = 0; i < n; i++) {
        struct ift_row row;
        IFT_TRY(ift_rows_open(&s->rows, &paths[i], 1, err));
        int got;
        while ((got = ift_rows_next(s->rows, &row, err)) > 0) IFT_TRY(show_row(s, &row, err));
        IFT_TRY(got);
        if (!*ift_rows_header(s->rows))
            return IFT_FAIL(err, "%s: not a shard: JSONL has no header", paths[i]);
        IFT_TRY(put_header(s, ift_rows_header(s->rows), ift_rows_end(s->rows), err));
        ift_rows_free(s->rows);
        s->rows = NULL;
    }
    return 0;
}

static int show_rows(struct state *s, const char *const *paths, size_t n, struct ift_err *err) {
    struct ift_row row;
    int got;
    IFT_TRY(ift_rows_open(&s->rows, paths, n, err));
    while ((got = ift_rows_next(s->rows, &row, err)) > 0) IFT_TRY(show_row(s, &row, err));
    return got;
}

static int run_all(struct state *s, const struct ift_run *run, struct ift_err *err) {
    static const char *const standard_input[] = {"-"};
    const bool named = run->noperands > 0;
    if (s->job->vocab) IFT_TRY(ift_tokenizer_open(&s->tokenizer, s->job->vocab, err));
    IFT_TRY(ift_out_open(&s->out, run->common.output, err));
    const char *const *const paths = named ? run->operand : standard_input;
    const size_t n = named ? run->noperands : 1;
    return s->job->what == IFT_VIEW_HEADER ? show_headers(s, paths, n, err)
                                           : show_rows(s, paths, n, err);
}

int ift_view_run(const struct ift_view *job, const struct ift_run *run, struct ift_err *err) {
    struct state s = {.job = job};
    int rc = run_all(&s, run, err);
    if (rc == 0) {
        rc = ift_out_close(s.out, err);
    } else if (s.out) {
        struct ift_err later;
        (void)!ift_out_flush(s.out, &later); /* down a pipe goes what was good */
        ift_out_abandon(s.out);
    }
    if (rc == 0) ift_note_verbose(run, "%" PRIu64 " rows, %" PRIu64 " documents", s.nrows, s.ndocs);
    ift_rows_free(s.rows);
    ift_tokenizer_free(s.tokenizer);
    ift_str_release(&s.line);
    ift_str_release(&s.text);
    ift_str_release(&s.header);
    return rc;
}
