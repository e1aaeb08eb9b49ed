#include "libcore/text/chat.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/text/jinja.h"
#include "libcore/text/said.h"
#include "libcore/text/tokenizer_internal.h"

/* Origins: 0 the template, 1 + i message i, the last whatever else a record says. */
enum { ORIGIN_OTHER = UINT16_MAX, MOST_MESSAGES = UINT16_MAX - 1 };

struct ift_chat {
    char *path;
    struct ift_jinja *jinja;
    const struct ift_tokenizer *t;
    struct ift_str vars_text;
    struct ift_json vars; /* an object, if vars_text is not empty */
};

/* ---- finding the template ---- */

static bool is_there(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

/* "…" or [{"name": "default", "template": "…"}, …] */
static int take_template(const struct ift_json *doc, struct ift_str *text, struct ift_err *err) {
    int node = ift_json_get(doc, 0, "chat_template");
    if (ift_json_is(doc, node, IFT_JSON_ARRAY)) {
        int v = ift_json_first(doc, node);
        while (v >= 0 && !ift_json_text_is(doc, ift_json_get(doc, v, "name"), "default"))
            v = ift_json_next(doc, node, v);
        node = ift_json_get(doc, v, "template");
    }
    if (!ift_json_is(doc, node, IFT_JSON_STRING))
        return IFT_FAIL(err, "no \"chat_template\"; name a prompt, or a .jinja file");
    ift_json_text(doc, node, text);
    return 0;
}

static int read_config(const char *path, struct ift_str *text, struct ift_err *err) {
    struct ift_str config = {0};
    struct ift_json doc = {0};
    int rc = ift_in_slurp(path, &config, 0, err);
    if (rc == 0) {
        rc = ift_json_parse(&doc, config.p, config.n, err);
        if (rc == 0) rc = take_template(&doc, text, err);
        if (rc < 0) ift_fail_in(err, "%s", path);
    }
    ift_json_release(&doc);
    ift_str_release(&config);
    return rc;
}

/* Sets *path to the file beside the vocabulary that has the template. */
static void find_beside(const char *vocab, struct ift_str *path) {
    struct stat st;
    const char *const slash = strrchr(vocab, '/');
    const bool folder = stat(vocab, &st) == 0 && S_ISDIR(st.st_mode);
    const size_t n = folder ? strlen(vocab) : slash ? (size_t)(slash - vocab) : 0;
    static const char *const names[] = {"chat_template.jinja", "tokenizer_config.json"};
    for (size_t i = 0; i < 2; i++) {
        ift_str_clear(path);
        ift_str_addf(path, "%.*s%s%s", (int)n, vocab, n || (slash && !folder) ? "/" : "", names[i]);
        if (is_there(path->p)) return;
    }
}

static int read_vars(struct ift_chat *chat, const char *vars, struct ift_err *err) {
    if (!vars) return 0;
    ift_str_adds(&chat->vars_text, vars);
    if (ift_json_parse(&chat->vars, chat->vars_text.p, chat->vars_text.n, err) < 0)
        return ift_fail_in(err, "variables of the chat template");
    if (!ift_json_is(&chat->vars, 0, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "variables of the chat template must be a JSON object");
    return 0;
}

int ift_chat_open(struct ift_chat **out, const char *file, const char *vocab, const char *vars,
                  const struct ift_tokenizer *t, struct ift_err *err) {
    struct ift_chat *const chat = ift_alloc0(1, sizeof *chat);
    struct ift_str path = {0}, text = {0};
    chat->t = t;
    if (file)
        ift_str_adds(&path, file);
    else
        find_beside(vocab, &path);
    const bool config = path.n > 5 && strcmp(path.p + path.n - 5, ".json") == 0;
    int rc = config ? read_config(path.p, &text, err) : ift_in_slurp(path.p, &text, 1 << 20, err);
    if (rc == 0) {
        rc = ift_jinja_open(&chat->jinja, text.p, text.n, err);
        if (rc < 0) ift_fail_in(err, "%s: chat template", path.p);
    }
    if (rc == 0) rc = read_vars(chat, vars, err);
    chat->path = ift_str_take(&path);
    ift_str_release(&text);
    *out = rc == 0 ? chat : NULL;
    if (rc < 0) ift_chat_free(chat);
    return rc;
}

void ift_chat_free(struct ift_chat *chat) {
    if (!chat) return;
    ift_jinja_free(chat->jinja);
    ift_json_release(&chat->vars);
    ift_str_release(&chat->vars_text);
    free(chat->path);
    free(chat);
}

/* ---- a record as messages ---- */

struct talk {
    const struct ift_chat *chat;
    struct ift_jrun *run;
    struct ift_jrun *probe; /* renders parts of it again and again, and is emptied in between */
    const struct ift_json *doc;
    struct message {
        struct ift_jval value;
        bool answer, train;
    } * message;
    size_t n, cap;
};

static void push(struct talk *talk, struct ift_jval value, bool answer, bool train) {
    talk->message = ift_grow(talk->message, talk->n + 1, &talk->cap, sizeof *talk->message);
    talk->message[talk->n++] = (struct message){value, answer, train};
}

/* A role is a word of the template's language and not of the data's. */
static bool is_role(struct ift_slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_' && (unsigned char)(s.p[i] - 'a') >= 26) return false;
    return s.n > 0 && s.n < 40;
}

/* A member of a message; null is as if it were not there. */
static void put_member(struct talk *talk, struct ift_jval message, const struct ift_json *doc,
                       int key, int value) {
    struct ift_str name = {0}, text = {0};
    ift_json_text(doc, key, &name);
    uint16_t origin = (uint16_t)(talk->n + 1);
    if (ift_slice_is(ift_str_slice(&name), "role") && ift_json_is(doc, value, IFT_JSON_STRING)) {
        ift_json_text(doc, value, &text);
        origin = is_role(ift_str_slice(&text)) ? 0 : ORIGIN_OTHER;
    }
    if (!ift_json_is(doc, value, IFT_JSON_NULL))
        ift_jval_put(talk->run, message, ift_str_slice(&name),
                     ift_jval_json(talk->run, doc, value, origin));
    ift_str_release(&name);
    ift_str_release(&text);
}

/* The same thoughts have three names in the wild. */
static void put_reasoning(struct talk *talk, struct ift_jval message, const struct ift_json *doc,
                          int m) {
    static const char *const names[] = {"reasoning_content", "thinking", "reasoning"};
    for (size_t i = 0; i < 3; i++) {
        const int v = ift_json_get(doc, m, names[i]);
        if (v < 0 || ift_json_is(doc, v, IFT_JSON_NULL)) continue;
        const struct ift_jval value = ift_jval_json(talk->run, doc, v, (uint16_t)(talk->n + 1));
        ift_jval_put(talk->run, message, ift_slice(names[0]), value);
        if (ift_json_get(doc, m, names[1]) < 0)
            ift_jval_put(talk->run, message, ift_slice(names[1]), value);
        return;
    }
}

static int read_messages(struct talk *talk, const struct ift_record *record, struct ift_err *err) {
    const struct ift_json *const doc = &record->doc;
    for (int m = ift_json_first(doc, record->messages); m >= 0;
         m = ift_json_next(doc, record->messages, m)) {
        bool train = true;
        if (talk->n >= MOST_MESSAGES) return IFT_FAIL(err, "more than %d messages", MOST_MESSAGES);
        IFT_TRY(ift_json_get_bool(doc, m, "train", true, &train, err));
        const struct ift_jval message = ift_jval_dict(talk->run);
        for (int k = ift_json_first(doc, m); k >= 0;) {
            const int value = ift_json_next(doc, m, k);
            put_member(talk, message, doc, k, value);
            k = ift_json_next(doc, m, value);
        }
        put_reasoning(talk, message, doc, m);
        push(talk, message, ift_json_text_is(doc, ift_json_get(doc, m, "role"), "assistant"),
             train);
    }
    return 0;
}

static void add_message(struct talk *talk, const char *role, const struct ift_str *text) {
    const struct ift_jval message = ift_jval_dict(talk->run);
    ift_jval_put(talk->run, message, ift_slice("role"),
                 ift_jval_text(talk->run, ift_slice(role), 0));
    ift_jval_put(talk->run, message, ift_slice("content"),
                 ift_jval_text(talk->run, ift_str_slice(text), (uint16_t)(talk->n + 1)));
    push(talk, message, strcmp(role, "assistant") == 0, true);
}

static void read_turn(struct talk *talk, const struct ift_record *record) {
    const struct ift_json *const doc = &record->doc;
    struct ift_str text = {0};
    if (!ift_record_lacks(record, record->system)) {
        ift_json_text(doc, record->system, &text);
        add_message(talk, "system", &text);
        ift_str_clear(&text);
    }
    ift_json_text(doc, record->instruction, &text);
    if (!ift_record_lacks(record, record->input)) {
        ift_str_addc(&text, '\n');
        ift_json_text(doc, record->input, &text);
    }
    add_message(talk, "user", &text);
    ift_str_clear(&text);
    ift_json_text(doc, record->output, &text);
    add_message(talk, "assistant", &text);
    ift_str_release(&text);
}

/* ---- rendering ---- */

static void set_token(struct ift_jrun *run, const struct ift_tokenizer *t, const char *name,
                      int32_t id) {
    if (id >= 0)
        ift_jrun_set(run, name, ift_jval_text(run, ift_tokenizer_piece(t, (uint32_t)id, NULL), 0));
}

/* Each member of an object becomes a variable. */
static void set_vars(struct ift_jrun *run, const struct ift_json *doc, int object,
                     uint16_t origin) {
    struct ift_str name = {0};
    for (int key = ift_json_first(doc, object); key >= 0;) {
        const int v = ift_json_next(doc, object, key);
        ift_str_clear(&name);
        ift_json_text(doc, key, &name);
        ift_jrun_set(run, name.p, ift_jval_json(run, doc, v, origin));
        key = ift_json_next(doc, object, v);
    }
    ift_str_release(&name);
}

/* The first n messages, on one of the two runs. What is set later counts. */
static int render(const struct talk *talk, struct ift_jrun *run, size_t n, bool ask,
                  struct ift_jout *out, struct ift_err *err) {
    const struct ift_tokenizer *const t = talk->chat->t;
    const struct ift_tokenizer_info *const info = ift_tokenizer_info(t);
    if (run == talk->probe) ift_jrun_begin(run);
    if (talk->chat->vars_text.n) set_vars(run, &talk->chat->vars, 0, 0);
    const int own = ift_json_get(talk->doc, 0, "chat_template_kwargs");
    if (ift_json_is(talk->doc, own, IFT_JSON_OBJECT)) set_vars(run, talk->doc, own, ORIGIN_OTHER);
    const struct ift_jval list = ift_jval_list(run);
    for (size_t i = 0; i < n; i++) ift_jval_add(run, list, talk->message[i].value);
    ift_jrun_set(run, "messages", list);
    ift_jrun_set(run, "add_generation_prompt", ift_jval_bool(ask));
    ift_jrun_set(run, "tools",
                 ift_jval_json(run, talk->doc, ift_json_get(talk->doc, 0, "tools"), ORIGIN_OTHER));
    ift_jrun_set(run, "documents", ift_jval_none());
    set_token(run, t, "bos_token", info->bos);
    set_token(run, t, "eos_token", info->eos);
    set_token(run, t, "pad_token", info->pad);
    set_token(run, t, "unk_token", info->unk);
    if (ift_jinja_render(talk->chat->jinja, run, out, err) == 0) return 0;
    return ift_fail_in(err, "%s", talk->chat->path);
}

static void add_mark(struct ift_rendering *out, size_t from, size_t to, int32_t id) {
    out->mark = ift_grow(out->mark, out->nmarks + 1, &out->mark_cap, sizeof *out->mark);
    out->mark[out->nmarks++] = (struct ift_mark){from, to, id};
}

static void add_span(struct ift_rendering *out, size_t from, size_t to) {
    struct ift_span *const last = out->nlearn ? &out->learn[out->nlearn - 1] : NULL;
    if (last && last->to > from) from = last->to;
    if (from >= to) return;
    out->learn = ift_grow(out->learn, out->nlearn + 1, &out->learn_cap, sizeof *out->learn);
    out->learn[out->nlearn++] = (struct ift_span){from, to};
}

static uint16_t origin_at(struct ift_jtext t, size_t i) {
    return t.from ? t.from[i] : 0;
}

/* Where the part of text that begins at i ends: all of it the template's, or all a record's. */
static size_t part_end(struct ift_jtext text, size_t i) {
    const bool told = origin_at(text, i) != 0;
    size_t end = i + 1;
    while (end < text.n && (origin_at(text, end) != 0) == told) end++;
    return end;
}

/* Control tokens in what the template says. */
static void mark_part(const struct ift_tokenizer *t, struct ift_jtext text, size_t i, size_t end,
                      struct ift_rendering *out) {
    while (i < end) {
        int32_t id = -1;
        bool control = false;
        size_t n = ift_trie_match(&t->added[1], text.p + i, end - i, &id);
        if (n == 0) n = ift_trie_match(&t->added_normal[1], text.p + i, end - i, &id);
        if (n) ift_tokenizer_piece(t, (uint32_t)id, &control);
        if (control) add_mark(out, i, i + n, id);
        i += n ? n : 1;
    }
}

static void find_marks(const struct ift_tokenizer *t, struct ift_jtext text,
                       struct ift_rendering *out) {
    struct ift_said said = {0};
    for (size_t i = 0, end; !out->parse_control && i < text.n; i = end) {
        end = part_end(text, i);
        if (origin_at(text, i) == 0) ift_said_add(&said, t, text.p + i, end - i);
    }
    for (size_t i = 0, end; i < text.n; i = end) {
        end = part_end(text, i);
        if (origin_at(text, i) == 0)
            mark_part(t, text, i, end, out);
        else
            ift_said_cut(&said, text.p, i, end, out);
    }
    ift_said_release(&said);
}

/* ---- what is learned ---- */

static bool is_blank(struct ift_jtext t, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (!memchr(" \n\r\t", t.p[i], 4)) return false;
    return true;
}

/* Behind the control token that ends an answer whose text ends at `at`: the first before `limit`,
 * what belongs to the answer; without a limit (0), one that follows at once. Else `at`. */
static size_t find_end(const struct ift_chat *chat, const struct ift_rendering *out,
                       struct ift_jtext t, size_t at, size_t limit) {
    const int32_t bos = ift_tokenizer_info(chat->t)->bos;
    for (size_t i = 0; i < out->nmarks; i++) {
        const struct ift_mark m = out->mark[i];
        if (m.from < at || m.id < 0) continue;
        const bool belongs = limit ? m.to <= limit : is_blank(t, at, m.from);
        return belongs && m.id != bos ? m.to : at;
    }
    return at;
}

/* Whether t begins with the first n messages alone, and where they end then. */
static bool begins_with(const struct talk *talk, size_t n, bool ask, struct ift_jtext t,
                        size_t *end) {
    struct ift_jout part;
    struct ift_err ignored;
    if (n == 0 || render(talk, talk->probe, n, ask, &part, &ignored) < 0) return false;
    *end = part.text.n;
    return *end <= t.n && (*end == 0 || memcmp(t.p, part.text.p, *end) == 0);
}

/* False where the template has no place for message i. */
static bool find_answer(const struct talk *talk, size_t i, struct ift_jtext t,
                        const struct ift_rendering *out, struct ift_span *span) {
    const uint16_t origin = (uint16_t)(i + 1);
    size_t first = 0, last = t.n, at;
    while (first < t.n && origin_at(t, first) != origin) first++;
    while (last > first && origin_at(t, last - 1) != origin) last--;
    *span = (struct ift_span){first, last};
    if (begins_with(talk, i, true, t, &at) && at <= first)
        span->from = at;
    else if (first == t.n)
        return false;
    if (first == t.n) span->to = span->from; /* an empty answer */
    const bool closed = begins_with(talk, i + 1, false, t, &at) && at >= span->to;
    span->to = find_end(talk->chat, out, t, span->to, closed ? at : 0);
    return true;
}

/* Where the template ends the last answer with no control token. */
static void end_text(const struct talk *talk, struct ift_rendering *out, struct ift_span *span) {
    const int32_t eos = ift_tokenizer_info(talk->chat->t)->eos;
    const size_t at = out->text.n;
    for (size_t i = 0; i < out->nmarks; i++)
        if (out->mark[i].id >= 0 && out->mark[i].to == span->to && span->to > span->from) return;
    if (eos < 0) return;
    const struct ift_slice piece = ift_tokenizer_piece(talk->chat->t, (uint32_t)eos, NULL);
    ift_str_add(&out->text, piece.p, piece.n);
    add_mark(out, at, out->text.n, eos);
    span->to = out->text.n;
}

/* The message that a part of the text is from, or -1. */
static long message_of(const struct talk *talk, struct ift_jtext t, struct ift_jspan s) {
    for (size_t i = s.from; i < s.to; i++)
        if (origin_at(t, i) > 0 && origin_at(t, i) <= talk->n) return (long)origin_at(t, i) - 1;
    return -1;
}

static void learn_marked(const struct talk *talk, const struct ift_jout *full,
                         struct ift_rendering *out) {
    for (size_t i = 0; i < full->nsaid; i++) {
        const long m = message_of(talk, full->text, full->said[i]);
        if (m >= 0 && !talk->message[m].train) continue;
        if (out->what == IFT_LEARN_LAST && i + 1 < full->nsaid) continue;
        add_span(out, full->said[i].from, full->said[i].to);
    }
}

static void learn_answers(const struct talk *talk, const struct ift_jout *full,
                          struct ift_rendering *out) {
    size_t last = talk->n;
    while (last > 0 && !talk->message[last - 1].answer) last--;
    for (size_t i = 0; i < talk->n; i++) {
        struct ift_span span;
        if (!talk->message[i].answer || !talk->message[i].train) continue;
        if (out->what == IFT_LEARN_LAST && i + 1 != last) continue;
        if (!find_answer(talk, i, full->text, out, &span)) continue;
        if (i + 1 == talk->n) end_text(talk, out, &span);
        add_span(out, span.from, span.to);
    }
}

/* All but the answers that are not to be learned. */
static void learn_all(const struct talk *talk, const struct ift_jout *full,
                      struct ift_rendering *out) {
    size_t from = 0;
    for (size_t i = 0; i < talk->n; i++) {
        struct ift_span span;
        const bool answer = talk->message[i].answer;
        if (!answer || (talk->message[i].train && i + 1 < talk->n)) continue;
        if (!find_answer(talk, i, full->text, out, &span)) continue;
        if (i + 1 == talk->n) end_text(talk, out, &span);
        if (talk->message[i].train) continue;
        add_span(out, from, span.from);
        from = span.to;
    }
    add_span(out, from, out->text.n);
}

static int render_talk(struct talk *talk, const struct ift_record *record, bool ask,
                       struct ift_rendering *out, struct ift_err *err) {
    struct ift_jout full;
    if (record->messages >= 0)
        IFT_TRY(read_messages(talk, record, err));
    else
        read_turn(talk, record);
    if (ask && talk->n > 0 && talk->message[talk->n - 1].answer) talk->n--;
    if (talk->n == 0) return IFT_FAIL(err, "\"messages\" has nothing to %s", ask ? "ask" : "say");
    IFT_TRY(render(talk, talk->run, talk->n, ask, &full, err));
    ift_str_add(&out->text, full.text.p, full.text.n);
    find_marks(talk->chat->t, full.text, out);
    if (ask) return 0;
    if (out->what == IFT_LEARN_PROMPT)
        learn_all(talk, &full, out);
    else if (ift_jinja_marks(talk->chat->jinja))
        learn_marked(talk, &full, out);
    else
        learn_answers(talk, &full, out);
    return 0;
}

int ift_chat_render(const struct ift_chat *chat, const struct ift_record *record, bool ask,
                    struct ift_rendering *out, struct ift_err *err) {
    if (!out->run) {
        out->run = ift_jrun_new();
        out->probe = ift_jrun_new();
    }
    struct talk talk = {chat, .run = out->run, .probe = out->probe, .doc = &record->doc};
    ift_jrun_begin(talk.run);
    const int rc = render_talk(&talk, record, ask, out, err);
    free(talk.message);
    return rc;
}
