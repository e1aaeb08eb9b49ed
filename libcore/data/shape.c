#include "libcore/data/shape.h"

#include <string.h>

#include "libcore/base/opt.h"

const char *const ift_shape_name[] = {
    "jsonl", "json-array", "alpaca", "messages", "sharegpt", "belle", NULL,
};

enum ift_shape ift_shape(const char *name) {
    return (enum ift_shape)ift_opt_choice(ift_shape_name, name);
}

/* ---- one round ---- */

/* The first message, system apart, that is not part of a question and its answer, or -1: a call of
 * a tool and its result are lost where only these two are written. */
static int beside_exchange(const struct ift_record *r) {
    static const char *const role[] = {"system", "user", "assistant"};
    const struct ift_json *const doc = &r->doc;
    size_t next = 0;
    for (int m = ift_json_first(doc, r->messages); m >= 0; m = ift_json_next(doc, r->messages, m)) {
        const int said = ift_json_get(doc, m, "role");
        if (next == 0 && !ift_json_text_is(doc, said, role[0])) next = 1;
        if (next == 3 || !ift_json_text_is(doc, said, role[next])) return m;
        next++;
    }
    return -1;
}

static int check_one_round(const struct ift_record *r, struct ift_err *err) {
    const size_t rounds = ift_record_rounds(r);
    if (rounds > 1)
        return IFT_FAIL(err,
                        "a dialogue of %zu rounds has no place in this shape: cut it by --turns, "
                        "without --context, or take another --as",
                        rounds);
    const int m = beside_exchange(r);
    if (m < 0) return 0;
    const struct ift_slice got = ift_json_raw(&r->doc, ift_json_get(&r->doc, m, "role"));
    return IFT_FAIL(err,
                    "a message of %.*s beside one question and its answer has no place in this "
                    "shape: take --as messages or sharegpt",
                    IFT_SHOWN(got));
}

/* Does the dialogue begin with a system message? */
static bool is_told(const struct ift_record *r) {
    const int first = ift_json_first(&r->doc, r->messages);
    return first >= 0 && ift_json_text_is(&r->doc, ift_json_get(&r->doc, first, "role"), "system");
}

static bool has_system(const struct ift_record *r) {
    return !ift_record_lacks(r, r->system) || is_told(r);
}

/* The unified keys; `gap` stands behind every comma and colon. */
static void add_unified(struct ift_str *out, const struct ift_record *r, const char *gap) {
    const struct {
        const char *name;
        int node;
    } member[] = {{"instruction", r->instruction}, {"input", r->input}, {"output", r->output}};
    for (size_t i = 0; i < 3; i++) {
        ift_str_addf(out, "%s%s\"%s\":%s", i ? "," : "{", i ? gap : "", member[i].name, gap);
        ift_json_copy(out, &r->doc, member[i].node);
    }
    ift_str_addc(out, '}');
}

/* ---- messages ---- */

/* A message's list in a shape: its own words for the three keys. */
struct dialect {
    const char *list, *role, *content;
    const char *name[4][2]; /* of roles: ours, theirs; NULL: all are taken over */
};

static const struct dialect openai = {"messages", "role", "content", {{NULL}}};
static const struct dialect sharegpt = {
    "conversations",
    "from",
    "value",
    {{"user", "human"}, {"assistant", "gpt"}, {"system", "system"}, {"tool", "observation"}},
};

static int add_role(struct ift_str *out, const struct dialect *d, const struct ift_json *doc,
                    int role, struct ift_err *err) {
    if (!d->name[0][0]) {
        ift_json_copy(out, doc, role);
        return 0;
    }
    for (size_t i = 0; i < sizeof d->name / sizeof *d->name; i++)
        if (ift_json_text_is(doc, role, d->name[i][0])) {
            ift_str_addf(out, "\"%s\"", d->name[i][1]);
            return 0;
        }
    const struct ift_slice got = ift_json_raw(doc, role);
    return IFT_FAIL(err, "a message of %.*s has no place in --as sharegpt", IFT_SHOWN(got));
}

static void begin_message(struct ift_str *out, const struct dialect *d) {
    if (out->p[out->n - 1] != '[') ift_str_addc(out, ',');
    ift_str_addf(out, "{\"%s\":", d->role);
}

static void add_text(struct ift_str *out, const struct dialect *d, const char *role,
                     const struct ift_str *text) {
    begin_message(out, d);
    int i = 0;
    while (d->name[0][0] && strcmp(d->name[i][0], role) != 0) i++;
    ift_str_addf(out, "\"%s\",\"%s\":", d->name[0][0] ? d->name[i][1] : role, d->content);
    ift_json_quote(out, text->p, text->n);
    ift_str_addc(out, '}');
}

/* What the record asks, input below instruction. */
static void question(const struct ift_record *r, struct ift_str *text) {
    ift_str_clear(text);
    ift_json_text(&r->doc, r->instruction, text);
    if (ift_record_lacks(r, r->input)) return;
    ift_str_addc(text, '\n');
    ift_json_text(&r->doc, r->input, text);
}

static int add_messages(struct ift_str *out, const struct ift_record *r, const struct dialect *d,
                        struct ift_err *err) {
    const struct ift_json *const doc = &r->doc;
    struct ift_str text = {0};
    int rc = 0;
    ift_str_addf(out, "{\"%s\":[", d->list);
    if (!ift_record_lacks(r, r->system) && !is_told(r)) {
        ift_json_text(doc, r->system, &text);
        add_text(out, d, "system", &text);
    }
    if (r->messages < 0) {
        question(r, &text);
        add_text(out, d, "user", &text);
        ift_str_clear(&text);
        ift_json_text(doc, r->output, &text);
        add_text(out, d, "assistant", &text);
    }
    for (int m = ift_json_first(doc, r->messages); m >= 0 && rc == 0;
         m = ift_json_next(doc, r->messages, m)) {
        begin_message(out, d);
        rc = add_role(out, d, doc, ift_json_get(doc, m, "role"), err);
        ift_str_addf(out, ",\"%s\":", d->content);
        ift_json_copy(out, doc, ift_json_get(doc, m, "content"));
        ift_str_addc(out, '}');
    }
    ift_str_adds(out, "]}");
    ift_str_release(&text);
    return rc;
}

/* ---- BELLE's ---- */

static int add_belle(struct ift_str *out, const struct ift_record *r, struct ift_err *err) {
    const struct ift_json *const doc = &r->doc;
    if (beside_exchange(r) < 0) {
        add_unified(out, r, "");
        return 0;
    }
    struct ift_str text = {0};
    int rc = 0, last = -1, m = ift_json_first(doc, r->messages);
    if (is_told(r)) m = ift_json_next(doc, r->messages, m);
    for (; m >= 0 && rc == 0; m = ift_json_next(doc, r->messages, m)) {
        const int role = ift_json_get(doc, m, "role");
        const bool answer = ift_json_text_is(doc, role, "assistant");
        last = answer ? m : -1;
        if (!answer && !ift_json_text_is(doc, role, "user"))
            rc = IFT_FAIL(err, "a message of %.*s has no place in --as belle",
                          IFT_SHOWN(ift_json_raw(doc, role)));
        ift_str_adds(&text, answer ? "Assistant:" : "Human:");
        if (answer && ift_json_next(doc, r->messages, m) < 0) break;
        ift_json_text(doc, ift_json_get(doc, m, "content"), &text);
        ift_str_addc(&text, '\n');
    }
    if (rc == 0 && last < 0) rc = IFT_FAIL(err, "\"messages\" ends without an answer");
    if (rc == 0) {
        ift_str_adds(out, "{\"instruction\":");
        ift_json_quote(out, text.p, text.n);
        ift_str_adds(out, ",\"input\":\"\",\"output\":");
        ift_json_copy(out, doc, ift_json_get(doc, last, "content"));
        ift_str_addc(out, '}');
    }
    ift_str_release(&text);
    return rc;
}

int ift_shape_write(struct ift_str *out, const struct ift_record *r, enum ift_shape shape,
                    uint64_t *untold, struct ift_err *err) {
    switch (shape) {
    case IFT_SHAPE_JSONL:
        ift_json_copy(out, &r->doc, 0);
        return 0;
    case IFT_SHAPE_JSON_ARRAY:
    case IFT_SHAPE_ALPACA:
        IFT_TRY(check_one_round(r, err));
        add_unified(out, r, shape == IFT_SHAPE_ALPACA ? "" : " ");
        *untold += has_system(r);
        return 0;
    case IFT_SHAPE_MESSAGES:
        return add_messages(out, r, &openai, err);
    case IFT_SHAPE_SHAREGPT:
        return add_messages(out, r, &sharegpt, err);
    case IFT_SHAPE_BELLE:
        IFT_TRY(add_belle(out, r, err));
        *untold += has_system(r);
        return 0;
    }
    return IFT_FAIL(err, "no such shape");
}
