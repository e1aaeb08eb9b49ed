#include "libcore/text/prompt_form.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"

static const char *const template_name[IFT_FORM_TEMPLATES] = {
    "begin", "begin_input", "begin_system", "user", "user_input", "answer", "answer_last", "next",
};

static void form_release(struct ift_prompt_form *form) {
    for (int i = 0; i < IFT_FORM_TEMPLATES; i++) {
        for (size_t j = 0; j < form->template[i].n; j++) free(form->template[i].part[j].text);
        free(form->template[i].part);
    }
}

void ift_prompt_file_release(struct ift_prompt_file *f) {
    form_release(&f->one);
    form_release(&f->rounds);
    ift_str_release(&f->about);
    *f = (struct ift_prompt_file){0};
}

/* ---- a template ---- */

static void add_part(struct ift_template *t, enum ift_slot slot, const char *text, size_t n,
                     int32_t id) {
    t->part = ift_grow(t->part, t->n + 1, &t->cap, sizeof *t->part);
    t->part[t->n++] = (struct ift_template_part){slot, ift_strndup(text, n), n, id};
}

static int add_control(struct ift_template *t, const struct ift_tokenizer *tok,
                       struct ift_slice name, struct ift_err *err) {
    const int32_t id = ift_tokenizer_control(tok, name.p, name.n);
    if (id < 0)
        return IFT_FAIL(err, "the vocabulary has no control token \"%.*s\"", IFT_SHOWN(name));
    add_part(t, IFT_SLOT_CONTROL, name.p, name.n, id);
    return 0;
}

static int add_slot(struct ift_template *t, const struct ift_tokenizer *tok, struct ift_slice name,
                    struct ift_err *err) {
    static const struct {
        const char *name;
        enum ift_slot slot;
    } slots[] = {{"instruction", IFT_SLOT_INSTRUCTION},
                 {"input", IFT_SLOT_INPUT},
                 {"output", IFT_SLOT_OUTPUT},
                 {"system", IFT_SLOT_SYSTEM},
                 {"turn", IFT_SLOT_TURN},
                 {"turn0", IFT_SLOT_TURN0}};
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
        add_part(t, IFT_SLOT_CONTROL, piece.p, piece.n, id);
        return 0;
    }
    if (name.n > 6 && memcmp(name.p, "token ", 6) == 0)
        return add_control(t, tok, (struct ift_slice){name.p + 6, name.n - 6}, err);
    return IFT_FAIL(err, "unknown slot {%.*s}", IFT_SHOWN(name));
}

static int compile(struct ift_template *t, const struct ift_tokenizer *tok, struct ift_slice text,
                   struct ift_err *err) {
    t->given = true;
    for (size_t i = 0; i < text.n;) {
        const char c = text.p[i];
        if (c != '{' && c != '}') {
            size_t end = i;
            while (end < text.n && text.p[end] != '{' && text.p[end] != '}') end++;
            add_part(t, IFT_SLOT_LITERAL, text.p + i, end - i, -1);
            i = end;
        } else if (i + 1 < text.n && text.p[i + 1] == c) {
            add_part(t, IFT_SLOT_LITERAL, &c, 1, -1);
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

bool ift_template_has(const struct ift_template *t, enum ift_slot slot) {
    for (size_t i = 0; i < t->n; i++)
        if (t->part[i].slot == slot) return true;
    return false;
}

/* ---- the file ---- */

static bool may_answer(int template) {
    return template == IFT_FORM_ANSWER || template == IFT_FORM_ANSWER_LAST;
}

static int check(const struct ift_prompt_form *form, struct ift_err *err) {
    const struct ift_template *const t = form->template;
    if (!t[IFT_FORM_USER].given || !t[IFT_FORM_ANSWER].given)
        return IFT_FAIL(err, "\"user\" and \"answer\" are required");
    if (!ift_template_has(&t[IFT_FORM_USER], IFT_SLOT_INSTRUCTION))
        return IFT_FAIL(err, "\"user\" must have {instruction}");
    for (int i = 0; i < IFT_FORM_TEMPLATES; i++) {
        const bool has = ift_template_has(&t[i], IFT_SLOT_OUTPUT);
        if (t[i].given && may_answer(i) != has)
            return IFT_FAIL(err, "\"%s\" %s", template_name[i],
                            has ? "has {output}: only an answer may" : "must have {output}");
    }
    return 0;
}

static int compile_template(struct ift_prompt_form *form, const struct ift_json *doc, int key,
                            int v, const struct ift_tokenizer *t, struct ift_err *err) {
    for (int i = 0; i < IFT_FORM_TEMPLATES; i++) {
        if (!ift_json_text_is(doc, key, template_name[i])) continue;
        if (!ift_json_is(doc, v, IFT_JSON_STRING))
            return IFT_FAIL(err, "\"%s\" must be a string", template_name[i]);
        struct ift_str text = {0};
        ift_json_text(doc, v, &text);
        const int rc = compile(&form->template[i], t, ift_str_slice(&text), err);
        ift_str_release(&text);
        return rc < 0 ? ift_fail_in(err, "\"%s\"", template_name[i]) : 0;
    }
    return IFT_FAIL(err, "unknown key %.*s", IFT_SHOWN(ift_json_raw(doc, key)));
}

static int compile_rounds(struct ift_prompt_file *f, const struct ift_json *doc, int object,
                          const struct ift_tokenizer *t, struct ift_err *err) {
    f->has_rounds = true;
    if (!ift_json_is(doc, object, IFT_JSON_OBJECT)) return IFT_FAIL(err, "an object is expected");
    for (int key = ift_json_first(doc, object); key >= 0;) {
        const int v = ift_json_next(doc, object, key);
        IFT_TRY(compile_template(&f->rounds, doc, key, v, t, err));
        key = ift_json_next(doc, object, v);
    }
    return check(&f->rounds, err);
}

static int compile_file(struct ift_prompt_file *f, const struct ift_json *doc,
                        const struct ift_tokenizer *t, struct ift_err *err) {
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "an object is expected");
    for (int key = ift_json_first(doc, 0); key >= 0;) {
        const int v = ift_json_next(doc, 0, key);
        if (ift_json_text_is(doc, key, "rounds")) {
            if (compile_rounds(f, doc, v, t, err) < 0) return ift_fail_in(err, "\"rounds\"");
        } else if (!ift_json_text_is(doc, key, "about")) {
            IFT_TRY(compile_template(&f->one, doc, key, v, t, err));
        }
        key = ift_json_next(doc, 0, v);
    }
    IFT_TRY(ift_json_get_str(doc, 0, "about", "", &f->about, err));
    if (f->about.n == 0) return IFT_FAIL(err, "\"about\" is required");
    return check(&f->one, err);
}

int ift_prompt_file_read(struct ift_prompt_file *f, const char *path, const struct ift_tokenizer *t,
                         struct ift_err *err) {
    struct ift_json doc = {0};
    struct ift_str text = {0};
    *f = (struct ift_prompt_file){0};
    int rc = ift_in_slurp(path, &text, 1 << 20, err);
    if (rc == 0) {
        rc = ift_json_parse(&doc, text.p, text.n, err);
        if (rc == 0) rc = compile_file(f, &doc, t, err);
        if (rc < 0) ift_fail_in(err, "%s", path);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    return rc;
}
