#include "libcore/text/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/text/chat.h"
#include "libcore/text/jinja.h"

/* ---- templates ---- */

enum slot { LITERAL, INSTRUCTION, INPUT, OUTPUT, SYSTEM, TURN, TURN0, CONTROL };

struct part {
    enum slot slot;
    char *text; /* LITERAL: the text; CONTROL: the token's name */
    size_t n;
    int32_t id; /* CONTROL */
};

struct template {
    bool given;
    struct part *part;
    size_t n, cap;
};

enum which { BEGIN, BEGIN_INPUT, BEGIN_SYSTEM, USER, USER_INPUT, ANSWER, NEXT, TEMPLATES };

static const char *const template_name[TEMPLATES] = {
    "begin", "begin_input", "begin_system", "user", "user_input", "answer", "next",
};

struct ift_prompt {
    char *path;
    struct ift_str about;
    struct template template[TEMPLATES];
    struct ift_chat *chat; /* instead of templates */
};

void ift_prompt_free(struct ift_prompt *p) {
    if (!p) return;
    for (int i = 0; i < TEMPLATES; i++) {
        for (size_t j = 0; j < p->template[i].n; j++) free(p->template[i].part[j].text);
        free(p->template[i].part);
    }
    ift_str_release(&p->about);
    ift_chat_free(p->chat);
    free(p->path);
    free(p);
}

static void add_part(struct template *t, enum slot slot, const char *text, size_t n, int32_t id) {
    t->part = ift_grow(t->part, t->n + 1, &t->cap, sizeof *t->part);
    t->part[t->n++] = (struct part){slot, ift_strndup(text, n), n, id};
}

static int add_control(struct template *t, const struct ift_tokenizer *tok, struct ift_slice name,
                       struct ift_err *err) {
    const int32_t id = ift_tokenizer_control(tok, name.p, name.n);
    if (id < 0)
        return IFT_FAIL(err, "the vocabulary has no control token \"%.*s\"", (int)name.n, name.p);
    add_part(t, CONTROL, name.p, name.n, id);
    return 0;
}

static int add_slot(struct template *t, const struct ift_tokenizer *tok, struct ift_slice name,
                    struct ift_err *err) {
    static const struct {
        const char *name;
        enum slot slot;
    } slots[] = {{"instruction", INSTRUCTION}, {"input", INPUT}, {"output", OUTPUT},
                 {"system", SYSTEM},           {"turn", TURN},   {"turn0", TURN0}};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        if (ift_slice_is(name, slots[i].name)) {
            add_part(t, slots[i].slot, "", 0, -1);
            return 0;
        }
    const struct ift_tokenizer_info *info = ift_tokenizer_info(tok);
    const bool bos = ift_slice_is(name, "bos");
    if (bos || ift_slice_is(name, "eos")) {
        if (bos && !info->add_bos) return 0;
        const int32_t id = bos ? info->bos : info->eos;
        if (id < 0)
            return IFT_FAIL(err, "no end token for {eos}: name a model folder whose "
                                 "tokenizer_config.json says which it is");
        const struct ift_slice piece = ift_tokenizer_piece(tok, (uint32_t)id, NULL);
        add_part(t, CONTROL, piece.p, piece.n, id);
        return 0;
    }
    if (name.n > 6 && memcmp(name.p, "token ", 6) == 0)
        return add_control(t, tok, (struct ift_slice){name.p + 6, name.n - 6}, err);
    return IFT_FAIL(err, "unknown slot {%.*s}", (int)name.n, name.p);
}

static int compile(struct template *t, const struct ift_tokenizer *tok, struct ift_slice text,
                   struct ift_err *err) {
    t->given = true;
    for (size_t i = 0; i < text.n;) {
        const char c = text.p[i];
        if (c != '{' && c != '}') {
            size_t end = i;
            while (end < text.n && text.p[end] != '{' && text.p[end] != '}') end++;
            add_part(t, LITERAL, text.p + i, end - i, -1);
            i = end;
        } else if (i + 1 < text.n && text.p[i + 1] == c) {
            add_part(t, LITERAL, &c, 1, -1);
            i += 2;
        } else {
            const char *close = c == '{' ? memchr(text.p + i, '}', text.n - i) : NULL;
            if (!close)
                return IFT_FAIL(err,
                                "a brace that does not pair; write {{ or }} for a literal one");
            IFT_TRY(add_slot(t, tok,
                             (struct ift_slice){text.p + i + 1, (size_t)(close - text.p) - i - 1},
                             err));
            i = (size_t)(close - text.p) + 1;
        }
    }
    return 0;
}

static bool has_slot(const struct template *t, enum slot slot) {
    for (size_t i = 0; i < t->n; i++)
        if (t->part[i].slot == slot) return true;
    return false;
}

static int check(const struct ift_prompt *p, struct ift_err *err) {
    if (!p->template[USER].given || !p->template[ANSWER].given || p->about.n == 0)
        return IFT_FAIL(err, "\"about\", \"user\" and \"answer\" are required");
    if (!has_slot(&p->template[USER], INSTRUCTION) || !has_slot(&p->template[ANSWER], OUTPUT))
        return IFT_FAIL(err, "\"user\" must have {instruction} and \"answer\" {output}");
    for (int i = 0; i < TEMPLATES; i++)
        if (i != ANSWER && has_slot(&p->template[i], OUTPUT))
            return IFT_FAIL(err, "\"%s\" has {output}: only \"answer\" may", template_name[i]);
    return 0;
}

static int compile_member(struct ift_prompt *p, const struct ift_json *doc, int key, int v,
                          const struct ift_tokenizer *t, struct ift_err *err) {
    if (!ift_json_is(doc, v, IFT_JSON_STRING))
        return IFT_FAIL(err, "%.*s must be a string", (int)ift_json_raw(doc, key).n,
                        ift_json_raw(doc, key).p);
    if (ift_json_text_is(doc, key, "about")) {
        ift_json_text(doc, v, &p->about);
        return 0;
    }
    for (int i = 0; i < TEMPLATES; i++) {
        if (!ift_json_text_is(doc, key, template_name[i])) continue;
        struct ift_str text = {0};
        ift_json_text(doc, v, &text);
        const int rc = compile(&p->template[i], t, ift_str_slice(&text), err);
        ift_str_release(&text);
        return rc < 0 ? ift_fail_in(err, "\"%s\"", template_name[i]) : 0;
    }
    return IFT_FAIL(err, "unknown key %.*s", (int)ift_json_raw(doc, key).n,
                    ift_json_raw(doc, key).p);
}

static int load(struct ift_prompt *p, struct ift_json *doc, struct ift_str *text,
                const struct ift_tokenizer *t, struct ift_err *err) {
    IFT_TRY(ift_in_slurp(p->path, text, 1 << 20, err));
    if (ift_json_parse(doc, text->p, text->n, err) < 0) return ift_fail_in(err, "%s", p->path);
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "%s: an object is expected", p->path);
    for (int key = ift_json_first(doc, 0); key >= 0;) {
        const int v = ift_json_next(doc, 0, key);
        if (compile_member(p, doc, key, v, t, err) < 0) return ift_fail_in(err, "%s", p->path);
        key = ift_json_next(doc, 0, v);
    }
    return check(p, err) < 0 ? ift_fail_in(err, "%s", p->path) : 0;
}

static bool is_jinja(const char *name) {
    const size_t n = strlen(name);
    return n > 6 && strcmp(name + n - 6, ".jinja") == 0;
}

static int open_file(struct ift_prompt *p, const char *name, const struct ift_tokenizer *t,
                     struct ift_err *err) {
    struct ift_json doc = {0};
    struct ift_str text = {0};
    int rc = ift_data_find("prompts", name, ".json", &p->path, err);
    if (rc == 0) rc = load(p, &doc, &text, t, err);
    ift_json_release(&doc);
    ift_str_release(&text);
    return rc;
}

int ift_prompt_open(struct ift_prompt **out, const char *name, const char *vocab,
                    const struct ift_tokenizer *t, struct ift_err *err) {
    struct ift_prompt *p = ift_alloc0(1, sizeof *p);
    const bool file = is_jinja(name);
    const int rc = file || strcmp(name, "chat") == 0
                       ? ift_chat_open(&p->chat, file ? name : NULL, vocab, t, err)
                       : open_file(p, name, t, err);
    *out = rc == 0 ? p : NULL;
    if (rc < 0) ift_prompt_free(p);
    return rc;
}

/* Of a file, what it says of itself. */
static int read_about(const char *name, struct ift_str *about, struct ift_err *err) {
    struct ift_json doc = {0};
    struct ift_str text = {0};
    char *path;
    IFT_TRY(ift_data_find("prompts", name, ".json", &path, err));
    int rc = ift_in_slurp(path, &text, 1 << 20, err);
    if (rc == 0) {
        rc = ift_json_parse(&doc, text.p ? text.p : "", text.n, err);
        if (rc == 0) rc = ift_json_get_str(&doc, 0, "about", "", about, err);
        if (rc < 0) ift_fail_in(err, "%s", path);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    free(path);
    return rc;
}

int ift_prompt_list(struct ift_str *out, struct ift_err *err) {
    size_t n, widest = 0;
    char **const name = ift_data_list("prompts", ".json", &n);
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        if (strlen(name[i]) > widest) widest = strlen(name[i]);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        ift_str_addf(out, "%-*s  ", (int)widest, name[i]);
        rc = read_about(name[i], out, err);
        ift_str_addc(out, '\n');
    }
    ift_data_list_free(name, n);
    return rc;
}

/* ---- rendering ---- */

/* What fills the slots of one turn: nodes of the record, -1 absent. */
struct turn {
    const struct ift_json *doc;
    int instruction, input, output, system;
    unsigned number;
};

static void put_text(struct ift_rendering *out, const struct turn *turn, int node) {
    if (node >= 0) ift_json_text(turn->doc, node, &out->text);
}

static void put(struct ift_rendering *out, const struct template *t, const struct turn *turn) {
    for (size_t i = 0; i < t->n; i++) {
        const struct part *part = &t->part[i];
        switch (part->slot) {
        case LITERAL:
            ift_str_add(&out->text, part->text, part->n);
            break;
        case INSTRUCTION:
            put_text(out, turn, turn->instruction);
            break;
        case INPUT:
            put_text(out, turn, turn->input);
            break;
        case OUTPUT:
            put_text(out, turn, turn->output);
            break;
        case SYSTEM:
            put_text(out, turn, turn->system);
            break;
        case TURN:
        case TURN0:
            ift_str_addf(&out->text, "%u", turn->number - (part->slot == TURN0));
            break;
        case CONTROL:
            out->mark = ift_grow(out->mark, out->nmarks + 1, &out->mark_cap, sizeof *out->mark);
            out->mark[out->nmarks++] =
                (struct ift_mark){out->text.n, out->text.n + part->n, part->id};
            ift_str_add(&out->text, part->text, part->n);
            break;
        }
    }
}

static void learn_from(struct ift_rendering *out, size_t from) {
    if (out->text.n == from) return;
    if (out->nlearn && out->learn[out->nlearn - 1].to == from) {
        out->learn[out->nlearn - 1].to = out->text.n;
        return;
    }
    out->learn = ift_grow(out->learn, out->nlearn + 1, &out->learn_cap, sizeof *out->learn);
    out->learn[out->nlearn++] = (struct ift_span){from, out->text.n};
}

static void put_answer(const struct ift_prompt *p, struct ift_rendering *out,
                       const struct turn *turn, bool learned) {
    const size_t from = out->text.n;
    put(out, &p->template[ANSWER], turn);
    if (learned) learn_from(out, from);
}

static void put_question(const struct ift_prompt *p, struct ift_rendering *out,
                         const struct turn *turn, bool has_input) {
    const struct template *t = p->template;
    const size_t from = out->text.n;
    if (turn->number == 1) {
        const bool system = turn->system >= 0 && t[BEGIN_SYSTEM].given;
        put(out,
            &t[system                              ? BEGIN_SYSTEM
               : has_input && t[BEGIN_INPUT].given ? BEGIN_INPUT
                                                   : BEGIN],
            turn);
    } else {
        put(out, &t[NEXT], turn);
    }
    put(out, &t[has_input ? USER_INPUT : USER], turn);
    if (out->what == IFT_LEARN_PROMPT) learn_from(out, from);
}

static bool is_blank(const struct ift_json *doc, int node) {
    return node < 0 || ift_json_text_is(doc, node, "");
}

/* A system text or an input that the prompt has no place for would be lost in silence. */
static int check_place(const struct ift_prompt *p, bool has_input, bool has_system,
                       struct ift_err *err) {
    if (has_input && !p->template[USER_INPUT].given)
        return IFT_FAIL(err, "%s has no place for an \"input\"", p->path);
    if (has_system && !has_slot(&p->template[BEGIN_SYSTEM], SYSTEM) &&
        !has_slot(&p->template[BEGIN], SYSTEM))
        return IFT_FAIL(err, "%s has no place for a \"system\" text", p->path);
    return 0;
}

static int render_dialogue(const struct ift_prompt *p, const struct ift_record *record, bool ask,
                           struct ift_rendering *out, struct ift_err *err) {
    const struct ift_json *doc = &record->doc;
    struct turn turn = {doc, -1, -1, -1, is_blank(doc, record->system) ? -1 : record->system, 0};
    bool open = false; /* a question waits for its answer */
    size_t index = 0;
    int m = ift_json_first(doc, record->messages);
    for (; m >= 0; m = ift_json_next(doc, record->messages, m), index++) {
        const int role = ift_json_get(doc, m, "role"), content = ift_json_get(doc, m, "content");
        const bool last = ift_json_next(doc, record->messages, m) < 0;
        if (!ift_json_is(doc, content, IFT_JSON_STRING))
            return IFT_FAIL(err, "message %zu: \"content\" must be a string", index + 1);
        if (ift_json_text_is(doc, role, "system") && index == 0) {
            turn.system = content;
        } else if (ift_json_text_is(doc, role, "user") && !open) {
            turn.instruction = content;
            turn.number++;
            IFT_TRY(check_place(p, false, turn.number == 1 && turn.system >= 0, err));
            put_question(p, out, &turn, false);
            open = true;
        } else if (ift_json_text_is(doc, role, "assistant") && open) {
            if (ask && last) return 0;
            bool train = true;
            turn.output = content;
            IFT_TRY(ift_json_get_bool(doc, m, "train", true, &train, err));
            put_answer(p, out, &turn, train && (out->what != IFT_LEARN_LAST || last));
            open = false;
        } else {
            const struct ift_slice got = role < 0 ? ift_slice("no role") : ift_json_raw(doc, role);
            return IFT_FAIL(err, "message %zu: %s is expected, not %.*s", index + 1,
                            open    ? "an assistant"
                            : index ? "a user"
                                    : "a system or user",
                            (int)got.n, got.p);
        }
    }
    if (!turn.number) return IFT_FAIL(err, "\"messages\" has no user message");
    if (ask && !open) return IFT_FAIL(err, "\"messages\" leaves nothing to answer");
    if (!ask && open) return IFT_FAIL(err, "\"messages\" ends without an answer");
    return 0;
}

int ift_prompt_render(const struct ift_prompt *p, const struct ift_record *record, bool ask,
                      struct ift_rendering *out, struct ift_err *err) {
    ift_str_clear(&out->text);
    out->nmarks = out->nlearn = 0;
    if (p->chat) return ift_chat_render(p->chat, record, ask, out, err);
    if (record->messages >= 0) return render_dialogue(p, record, ask, out, err);
    const struct ift_json *doc = &record->doc;
    const bool has_input = !is_blank(doc, record->input),
               has_system = !is_blank(doc, record->system);
    const struct turn turn = {doc,
                              record->instruction,
                              record->input,
                              record->output,
                              has_system ? record->system : -1,
                              1};
    IFT_TRY(check_place(p, has_input, has_system, err));
    put_question(p, out, &turn, has_input);
    if (!ask) put_answer(p, out, &turn, true);
    return 0;
}
