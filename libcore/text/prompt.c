#include "libcore/text/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/text/chat.h"
#include "libcore/text/jinja.h"
#include "libcore/text/prompt_form.h"
#include "libcore/text/said.h"

struct ift_prompt {
    char *path;
    struct ift_prompt_file file;
    struct ift_said said;  /* by the file */
    struct ift_chat *chat; /* instead of a file */
};

void ift_prompt_free(struct ift_prompt *p) {
    if (!p) return;
    ift_prompt_file_release(&p->file);
    ift_said_release(&p->said);
    ift_chat_free(p->chat);
    free(p->path);
    free(p);
}

static bool is_jinja(const char *name) {
    const size_t n = strlen(name);
    return n > 6 && strcmp(name + n - 6, ".jinja") == 0;
}

static void add_said(struct ift_said *said, const struct ift_prompt_form *form,
                     const struct ift_tokenizer *t) {
    for (int i = 0; i < IFT_FORM_TEMPLATES; i++)
        for (size_t k = 0; k < form->template[i].n; k++)
            ift_said_add(said, t, form->template[i].part[k].text, form->template[i].part[k].n);
}

static int open_file(struct ift_prompt *p, const struct ift_prompt_opts *o,
                     const struct ift_tokenizer *t, struct ift_err *err) {
    if (o->vars) return IFT_FAIL(err, "variables are for chat templates; \"%s\" is none", o->name);
    IFT_TRY(ift_data_find("prompts", o->name, ".json", &p->path, err));
    IFT_TRY(ift_prompt_file_read(&p->file, p->path, t, err));
    add_said(&p->said, &p->file.one, t);
    add_said(&p->said, &p->file.rounds, t);
    return 0;
}

int ift_prompt_open(struct ift_prompt **out, const struct ift_prompt_opts *o,
                    const struct ift_tokenizer *t, struct ift_err *err) {
    struct ift_prompt *p = ift_alloc0(1, sizeof *p);
    const bool file = is_jinja(o->name);
    const int rc = file || strcmp(o->name, "chat") == 0
                       ? ift_chat_open(&p->chat, file ? o->name : NULL, o->vocab, o->vars, t, err)
                       : open_file(p, o, t, err);
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
        rc = ift_json_parse(&doc, text.p, text.n, err);
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
    int rc = n ? 0 : ift_data_none("prompts", err);
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
    const struct ift_said *said;
    const struct ift_json *doc;
    int instruction, input, output, system;
    unsigned number;
};

static void put_text(struct ift_rendering *out, const struct turn *turn, int node) {
    const size_t from = out->text.n;
    if (node < 0) return;
    ift_json_text(turn->doc, node, &out->text);
    if (!out->parse_control) ift_said_cut(turn->said, out->text.p, from, out->text.n, out);
}

static void put(struct ift_rendering *out, const struct ift_template *t, const struct turn *turn) {
    for (size_t i = 0; i < t->n; i++) {
        const struct ift_template_part *part = &t->part[i];
        switch (part->slot) {
        case IFT_SLOT_LITERAL:
            ift_str_add(&out->text, part->text, part->n);
            break;
        case IFT_SLOT_INSTRUCTION:
            put_text(out, turn, turn->instruction);
            break;
        case IFT_SLOT_INPUT:
            put_text(out, turn, turn->input);
            break;
        case IFT_SLOT_OUTPUT:
            put_text(out, turn, turn->output);
            break;
        case IFT_SLOT_SYSTEM:
            put_text(out, turn, turn->system);
            break;
        case IFT_SLOT_TURN:
        case IFT_SLOT_TURN0:
            ift_str_addf(&out->text, "%u", turn->number - (part->slot == IFT_SLOT_TURN0));
            break;
        case IFT_SLOT_CONTROL:
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

static void put_answer(const struct ift_prompt_form *form, struct ift_rendering *out,
                       const struct turn *turn, bool last, bool learned) {
    const struct ift_template *const t = form->template;
    const size_t from = out->text.n;
    put(out, &t[last && t[IFT_FORM_ANSWER_LAST].given ? IFT_FORM_ANSWER_LAST : IFT_FORM_ANSWER],
        turn);
    if (learned) learn_from(out, from);
}

static void put_question(const struct ift_prompt_form *form, struct ift_rendering *out,
                         const struct turn *turn, bool has_input) {
    const struct ift_template *t = form->template;
    const size_t from = out->text.n;
    if (turn->number == 1) {
        const bool system = turn->system >= 0 && t[IFT_FORM_BEGIN_SYSTEM].given;
        put(out,
            &t[system                                       ? IFT_FORM_BEGIN_SYSTEM
               : has_input && t[IFT_FORM_BEGIN_INPUT].given ? IFT_FORM_BEGIN_INPUT
                                                            : IFT_FORM_BEGIN],
            turn);
    } else {
        put(out, &t[IFT_FORM_NEXT], turn);
    }
    put(out, &t[has_input ? IFT_FORM_USER_INPUT : IFT_FORM_USER], turn);
    if (out->what == IFT_LEARN_PROMPT) learn_from(out, from);
}

static bool is_blank(const struct ift_json *doc, int node) {
    return node < 0 || ift_json_text_is(doc, node, "");
}

/* A system text or an input that the prompt has no place for would be lost in silence. */
static int check_place(const struct ift_prompt *p, const struct ift_prompt_form *form,
                       bool has_input, bool has_system, struct ift_err *err) {
    const struct ift_template *const t = form->template;
    if (has_input && !t[IFT_FORM_USER_INPUT].given)
        return IFT_FAIL(err, "%s has no place for an \"input\"", p->path);
    if (has_system && !ift_template_has(&t[IFT_FORM_BEGIN_SYSTEM], IFT_SLOT_SYSTEM) &&
        !ift_template_has(&t[IFT_FORM_BEGIN], IFT_SLOT_SYSTEM))
        return IFT_FAIL(err, "%s has no place for a \"system\" text", p->path);
    return 0;
}

static int render_dialogue(const struct ift_prompt *p, const struct ift_record *record, bool ask,
                           struct ift_rendering *out, struct ift_err *err) {
    const struct ift_json *doc = &record->doc;
    const bool rounds = p->file.has_rounds && ift_record_rounds(record) > 1;
    const struct ift_prompt_form *const form = rounds ? &p->file.rounds : &p->file.one;
    struct turn turn = {&p->said, doc, -1,
                        -1,       -1,  is_blank(doc, record->system) ? -1 : record->system,
                        0};
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
            IFT_TRY(check_place(p, form, false, turn.number == 1 && turn.system >= 0, err));
            put_question(form, out, &turn, false);
            open = true;
        } else if (ift_json_text_is(doc, role, "assistant") && open) {
            if (ask && last) return 0;
            bool train = true;
            turn.output = content;
            IFT_TRY(ift_json_get_bool(doc, m, "train", true, &train, err));
            put_answer(form, out, &turn, last, train && (out->what != IFT_LEARN_LAST || last));
            open = false;
        } else {
            const struct ift_slice got = role < 0 ? ift_slice("no role") : ift_json_raw(doc, role);
            return IFT_FAIL(err, "message %zu: %s is expected, not %.*s", index + 1,
                            open    ? "an assistant"
                            : index ? "a user"
                                    : "a system or user",
                            IFT_SHOWN(got));
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
    const struct turn turn = {&p->said,
                              doc,
                              record->instruction,
                              record->input,
                              record->output,
                              has_system ? record->system : -1,
                              1};
    IFT_TRY(check_place(p, &p->file.one, has_input, has_system, err));
    put_question(&p->file.one, out, &turn, has_input);
    if (!ask) put_answer(&p->file.one, out, &turn, true, true);
    return 0;
}
