#include "libcore/base/help.h"

#include <string.h>

enum { WIDTH = 80, LEFT = 24 };

#define EACH_OPT(opt, set) \
    (const struct ift_opt *opt = (set)->opts; opt && opt->type != IFT_OPT_END; opt++)

/* Adds words to a paragraph: a word that would cross the margin begins a new line. */
struct wrap {
    struct ift_str *out;
    size_t column, indent, words;
};

static void add_word(struct wrap *w, struct ift_slice word) {
    if (w->words && w->column + 1 + word.n > WIDTH) {
        ift_str_addf(w->out, "\n%*s", (int)w->indent, "");
        w->column = w->indent;
    } else if (w->words) {
        ift_str_addc(w->out, ' ');
        w->column++;
    }
    ift_str_add(w->out, word.p, word.n);
    w->column += word.n;
    w->words++;
}

static void add_text(struct wrap *w, struct ift_slice text) {
    while (text.n) {
        const char *const blank = memchr(text.p, ' ', text.n);
        const size_t n = blank ? (size_t)(blank - text.p) : text.n;
        if (n) add_word(w, (struct ift_slice){text.p, n});
        const size_t step = blank ? n + 1 : n;
        text.p += step;
        text.n -= step;
    }
}

static void add_joined(struct ift_str *s, const char *const *choices, const char *between) {
    for (size_t i = 0; choices[i]; i++) ift_str_addf(s, "%s%s", i ? between : "", choices[i]);
}

/* "NAME", "auto|cpu|cuda"; nothing for a flag. */
static void add_metavar(struct ift_str *s, const struct ift_opt *opt) {
    if (opt->metavar) ift_str_adds(s, opt->metavar);
    else if (opt->choices) add_joined(s, opt->choices, "|");
}

/* "--from NAME", "-o FILE", "--keep-going[=N]" */
static void add_short(struct ift_str *s, const struct ift_opt *opt) {
    if (opt->letter) ift_str_addf(s, "-%c", opt->letter);
    else ift_str_addf(s, "--%s", opt->name);
    if (opt->type == IFT_OPT_TFLAG) return;
    ift_str_adds(s, opt->type == IFT_OPT_TOPTIONAL ? "[=" : " ");
    add_metavar(s, opt);
    if (opt->type == IFT_OPT_TOPTIONAL) ift_str_addc(s, ']');
}

void ift_help_usage(const struct ift_help *help, struct ift_str *out) {
    struct ift_str word = {0}, flags = {0};
    const size_t start = strlen("usage: ") + strlen(help->name);
    struct wrap w = {out, start, start + 1, 1};
    ift_str_addf(out, "usage: %s", help->name);
    for (size_t i = 0; i + 1 < help->nsets; i++) {
        for EACH_OPT (opt, &help->sets[i]) {
            if (opt->type == IFT_OPT_TFLAG && opt->letter) {
                ift_str_addc(&flags, opt->letter);
                continue;
            }
            const bool bare = opt->is & IFT_OPT_IS_REQUIRED;
            ift_str_clear(&word);
            ift_str_adds(&word, bare ? "" : "[");
            add_short(&word, opt);
            ift_str_adds(&word, bare ? "" : "]");
            if (opt->type == IFT_OPT_TLIST) ift_str_adds(&word, "...");
            add_word(&w, ift_str_slice(&word));
        }
    }
    if (flags.n) {
        ift_str_clear(&word);
        ift_str_addf(&word, "[-%s]", flags.p);
        add_word(&w, ift_str_slice(&word));
    }
    if (help->operands[0]) add_word(&w, ift_slice(help->operands));
    ift_str_addc(out, '\n');
    ift_str_release(&word);
    ift_str_release(&flags);
}

static void add_range(struct ift_str *s, const struct ift_opt *opt) {
    const bool low = opt->min > -1e15, high = opt->max < 1e15; /* beyond: no bound worth reading */
    if (low && high) ift_str_addf(s, "%.10g to %.10g; ", opt->min, opt->max);
    else if (low) ift_str_addf(s, "at least %.10g; ", opt->min);
    else if (high) ift_str_addf(s, "at most %.10g; ", opt->max);
    ift_str_addf(s, "default %.10g; ", opt->number);
}

/* What can be said of the value: " (1 to 64; default 8)". */
static void add_facts(struct ift_str *s, const struct ift_opt *opt) {
    struct ift_str facts = {0};
    ift_str_reserve(&facts, 0);
    if (opt->choices && opt->metavar) {
        add_joined(&facts, opt->choices, ", ");
        ift_str_adds(&facts, "; ");
    }
    if (opt->type == IFT_OPT_TINT || opt->type == IFT_OPT_TFLOAT) add_range(&facts, opt);
    if (opt->text) ift_str_addf(&facts, "default %s; ", opt->text);
    if (opt->type == IFT_OPT_TLIST) ift_str_adds(&facts, "may be repeated; ");
    if (opt->is & IFT_OPT_IS_REQUIRED) ift_str_adds(&facts, "required; ");
    if (facts.n) ift_str_addf(s, " (%.*s)", (int)facts.n - 2, facts.p);
    ift_str_release(&facts);
}

static void add_option(struct ift_str *out, const struct ift_opt *opt) {
    struct ift_str left = {0}, right = {0};
    if (opt->letter) ift_str_addf(&left, "  -%c, --%s", opt->letter, opt->name);
    else ift_str_addf(&left, "      --%s", opt->name);
    if (opt->type != IFT_OPT_TFLAG) {
        ift_str_adds(&left, opt->type == IFT_OPT_TOPTIONAL ? "[=" : " ");
        add_metavar(&left, opt);
        if (opt->type == IFT_OPT_TOPTIONAL) ift_str_addc(&left, ']');
    }
    ift_str_adds(&right, opt->help);
    add_facts(&right, opt);

    ift_str_add(out, left.p, left.n);
    if (left.n + 2 > LEFT) ift_str_addf(out, "\n%*s", LEFT, "");
    else ift_str_addf(out, "%*s", (int)(LEFT - left.n), "");
    struct wrap w = {out, LEFT, LEFT, 0};
    add_text(&w, ift_str_slice(&right));
    ift_str_addc(out, '\n');
    ift_str_release(&left);
    ift_str_release(&right);
}

void ift_help_page(const struct ift_help *help, struct ift_str *out) {
    ift_help_usage(help, out);
    ift_str_addc(out, '\n');
    struct wrap w = {out, 0, 0, 0};
    add_text(&w, ift_slice(help->summary));
    ift_str_addc(out, '\n');
    const char *title = "\noptions:\n";
    for (size_t i = 0; i < help->nsets; i++) {
        if (!help->sets[i].opts || help->sets[i].opts->type == IFT_OPT_END) continue;
        ift_str_adds(out, title);
        title = i == 0 ? "\ncommon options:\n" : "";
        for EACH_OPT (opt, &help->sets[i]) add_option(out, opt);
    }
}

static void add_identifier(struct ift_str *s, const char *name) {
    ift_str_addc(s, '_');
    for (; *name; name++) ift_str_addc(s, *name == '-' ? '_' : *name);
}

void ift_help_completion(const struct ift_help *help, struct ift_str *out) {
    struct ift_str names = {0}, cases = {0};
    for (size_t i = 0; i < help->nsets; i++) {
        for EACH_OPT (opt, &help->sets[i]) {
            ift_str_addf(&names, " --%s", opt->name);
            if (!opt->choices) continue;
            ift_str_addf(&cases, "    --%s", opt->name);
            if (opt->letter) ift_str_addf(&cases, "|-%c", opt->letter);
            ift_str_adds(&cases, ") words='");
            add_joined(&cases, opt->choices, " ");
            ift_str_adds(&cases, "' ;;\n");
        }
    }
    add_identifier(out, help->name);
    ift_str_addf(out,
                 "() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
                 "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
                 "%s"
                 "    *) [[ $word != -* ]] || words='%s' ;;\n"
                 "    esac\n"
                 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                 "}\n"
                 "complete -o default -F ",
                 cases.n ? cases.p : "", names.p + 1);
    add_identifier(out, help->name);
    ift_str_addf(out, " %s\n", help->name);
    ift_str_release(&names);
    ift_str_release(&cases);
}
