#include "libcore/data/turns.h"

#include "libcore/base/opt.h"

const char *const ift_turns_name[] = {"all", "each", "last", NULL};

enum ift_turns ift_turns(const char *name) {
    return (enum ift_turns)ift_opt_choice(ift_turns_name, name);
}

static bool has_role(const struct ift_json *doc, int message, const char *role) {
    return ift_json_text_is(doc, ift_json_get(doc, message, "role"), role);
}

static bool is_trained(const struct ift_json *doc, int message) {
    return !ift_json_is(doc, ift_json_get(doc, message, "train"), IFT_JSON_FALSE);
}

static void add_member(struct ift_str *out, const struct ift_json *doc, const char *name,
                       int value) {
    ift_str_addf(out, "%s\"%s\":", out->p[out->n - 1] == '{' ? "" : ",", name);
    ift_json_copy(out, doc, value);
}

/* A message as it is, but for "train" where `untrained`. */
static void add_message(struct ift_str *out, const struct ift_json *doc, int m, bool untrained) {
    if (!untrained) {
        ift_json_copy(out, doc, m);
        return;
    }
    ift_str_addc(out, '{');
    for (int key = ift_json_first(doc, m); key >= 0; key = ift_json_next(doc, m, key + 1)) {
        if (ift_json_text_is(doc, key, "train")) continue;
        ift_json_copy(out, doc, key);
        ift_str_addc(out, ':');
        ift_json_copy(out, doc, key + 1);
        ift_str_addc(out, ',');
    }
    ift_str_adds(out, "\"train\":false}");
}

static void add_context(struct ift_str *out, const struct ift_record *r, int answer) {
    const struct ift_json *const doc = &r->doc;
    ift_str_adds(out, ",\"messages\":[");
    for (int m = ift_json_first(doc, r->messages); m >= 0 && m <= answer;
         m = ift_json_next(doc, r->messages, m)) {
        if (out->p[out->n - 1] != '[') ift_str_addc(out, ',');
        add_message(out, doc, m, m != answer && has_role(doc, m, "assistant"));
    }
    ift_str_addc(out, ']');
}

static void add_turn(struct ift_str *out, const struct ift_record *r, int asked, int answer,
                     bool context) {
    const struct ift_json *const doc = &r->doc;
    const int first = ift_json_first(doc, r->messages);
    ift_str_addc(out, '{');
    add_member(out, doc, "instruction", ift_json_get(doc, asked, "content"));
    ift_str_adds(out, ",\"input\":\"\"");
    add_member(out, doc, "output", ift_json_get(doc, answer, "content"));
    if (r->system < 0 && has_role(doc, first, "system"))
        add_member(out, doc, "system", ift_json_get(doc, first, "content"));
    for (int key = ift_json_first(doc, 0); key >= 0; key = ift_json_next(doc, 0, key + 1)) {
        if (ift_json_text_is(doc, key, "instruction") || ift_json_text_is(doc, key, "input") ||
            ift_json_text_is(doc, key, "output") || ift_json_text_is(doc, key, "messages"))
            continue;
        ift_str_addc(out, ',');
        ift_json_copy(out, doc, key);
        ift_str_addc(out, ':');
        ift_json_copy(out, doc, key + 1);
    }
    if (context) add_context(out, r, answer);
    ift_str_addc(out, '}');
}

void ift_turns_cut(const struct ift_record *r, enum ift_turns turns, bool context,
                   struct ift_str *out, void (*put)(void *ctx), void *ctx, uint64_t *unasked) {
    const struct ift_json *const doc = &r->doc;
    if (turns == IFT_TURNS_ALL || r->messages < 0) {
        ift_json_copy(out, doc, 0);
        put(ctx);
        return;
    }
    int asked = -1, last_asked = -1, last = -1;
    for (int m = ift_json_first(doc, r->messages); m >= 0; m = ift_json_next(doc, r->messages, m)) {
        if (has_role(doc, m, "user")) {
            asked = m;
        } else if (has_role(doc, m, "assistant")) {
            *unasked += asked < 0;
            if (asked >= 0 && is_trained(doc, m)) {
                last_asked = asked, last = m;
                if (turns == IFT_TURNS_EACH) {
                    add_turn(out, r, asked, m, context);
                    put(ctx);
                }
            }
            asked = -1;
        }
    }
    if (turns == IFT_TURNS_LAST && last >= 0) {
        add_turn(out, r, last_asked, last, context);
        put(ctx);
    }
}
