#include "libcore/infer/answers.h"

#include <string.h>

#include "libcore/base/mem.h"

/* The record's text goes along as the tag. */
static int next(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    struct ift_answers *const a = ctx;
    const struct ift_item *item;
    struct ift_row row;
    const int got = ift_source_next(a->source, &item, err);
    if (got <= 0) return got;
    if (ift_session_row(a->session, item->text, true, &row, err) < 0)
        return ift_item_fail(item, err);
    if ((int64_t)row.n >= a->context) {
        ift_fail(err,
                 "a prompt of %zu tokens leaves no room to answer in a context of %lld: raise "
                 "--context or shorten it",
                 row.n, (long long)a->context);
        return ift_item_fail(item, err);
    }
    *p = (struct ift_prompt_ids){row.id, row.n, ift_strndup(item->text.p, item->text.n)};
    return 1;
}

/* The record's own members, without those of an earlier run of ours. */
static void add_members(struct ift_str *line, const struct ift_json *doc) {
    for (int key = ift_json_first(doc, 0); key >= 0;) {
        const int v = ift_json_next(doc, 0, key);
        if (!ift_json_text_is(doc, key, "generated") && !ift_json_text_is(doc, key, "finish") &&
            !ift_json_text_is(doc, key, "tokens") && !ift_json_text_is(doc, key, "logprobs")) {
            ift_json_copy(line, doc, key);
            ift_str_addc(line, ':');
            ift_json_copy(line, doc, v);
            ift_str_addc(line, ',');
        }
        key = ift_json_next(doc, 0, v);
    }
}

static int done(void *ctx, const struct ift_completion *c, struct ift_err *err) {
    struct ift_answers *const a = ctx;
    const char *const record = c->tag;
    struct ift_json doc = {0};
    struct ift_str text = {0};
    ift_str_clear(&a->line);
    ift_str_addc(&a->line, '{');
    int rc = ift_json_parse(&doc, record, strlen(record), err);
    if (rc == 0) add_members(&a->line, &doc);
    if (rc == 0) rc = ift_tokenizer_decode(a->session->tokenizer, c->id, c->n, false, &text, err);
    ift_str_adds(&a->line, "\"generated\":");
    ift_json_quote(&a->line, text.p, text.n);
    ift_str_addf(&a->line, ",\"finish\":\"%s\"", c->finish == IFT_FINISH_STOP ? "stop" : "length");
    if (a->logprobs) {
        for (size_t i = 0; i < c->n; i++)
            ift_str_addf(&a->line, "%s%d", i ? "," : ",\"tokens\":[", c->id[i]);
        for (size_t i = 0; i < c->n; i++)
            ift_str_addf(&a->line, "%s%.9g", i ? "," : "],\"logprobs\":[", c->logprob[i]);
        ift_str_addc(&a->line, ']');
    }
    ift_str_adds(&a->line, "}\n");
    if (rc == 0) rc = ift_out_write(a->out, a->line.p, a->line.n, err);
    ift_json_release(&doc);
    ift_str_release(&text);
    a->stopped += c->finish == IFT_FINISH_STOP;
    ift_progress_update(a->progress, ++a->done, NULL);
    return rc;
}

struct ift_prompts ift_answers_prompts(struct ift_answers *a) {
    return (struct ift_prompts){a, next, done};
}
