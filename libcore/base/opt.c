#include "libcore/base/opt.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

/* An option and where its value goes. */
struct target {
    const struct ift_opt *opt;
    void *value;
};

struct parse {
    const struct ift_opt_set *sets;
    size_t nsets;
    int argc, at; /* argv[at] is the next word */
    char *const *argv;
    struct ift_err *err;
};

#define EACH_OPT(opt, set) \
    (const struct ift_opt *opt = (set)->opts; opt && opt->type != IFT_OPT_END; opt++)

static void *value_of(const struct ift_opt_set *set, const struct ift_opt *opt) {
    return (char *)set->args + opt->offset;
}

static void write_default(const struct ift_opt *opt, void *value) {
    switch (opt->type) {
    case IFT_OPT_TFLAG: *(bool *)value = false; break;
    case IFT_OPT_TINT: *(long long *)value = (long long)opt->number; break;
    case IFT_OPT_TFLOAT: *(double *)value = opt->number; break;
    case IFT_OPT_TLIST: *(struct ift_opt_list *)value = (struct ift_opt_list){0}; break;
    case IFT_OPT_TSTR:
    case IFT_OPT_TCHOICE:
    case IFT_OPT_TOPTIONAL: *(const char **)value = opt->text; break;
    case IFT_OPT_END: break;
    }
}

static bool find_name(const struct parse *p, struct ift_slice name, struct target *found) {
    for (size_t i = 0; i < p->nsets; i++) {
        for EACH_OPT (opt, &p->sets[i]) {
            if (!ift_slice_is(name, opt->name)) continue;
            *found = (struct target){opt, value_of(&p->sets[i], opt)};
            return true;
        }
    }
    return false;
}

static bool find_letter(const struct parse *p, char letter, struct target *found) {
    for (size_t i = 0; i < p->nsets; i++) {
        for EACH_OPT (opt, &p->sets[i]) {
            if (opt->letter != letter) continue;
            *found = (struct target){opt, value_of(&p->sets[i], opt)};
            return true;
        }
    }
    return false;
}

/* The known name that a mistyped one most likely meant, NULL when none is near. */
static const char *nearest(const struct parse *p, struct ift_slice name) {
    const char *best = NULL;
    size_t least = name.n / 3 + 1;
    for (size_t i = 0; i < p->nsets; i++) {
        for EACH_OPT (opt, &p->sets[i]) {
            const size_t distance = ift_edit_distance(name, ift_slice(opt->name));
            if (distance > least || (best && distance == least)) continue;
            best = opt->name;
            least = distance;
        }
    }
    return best;
}

static int unknown(const struct parse *p, const char *dashes, struct ift_slice name) {
    const char *const hint = nearest(p, name);
    const int n = (int)name.n;
    if (hint) {
        return ift_fail_usage(p->err, "unknown option %s%.*s, did you mean --%s?", dashes, n,
                              name.p, hint);
    }
    return ift_fail_usage(p->err, "unknown option %s%.*s, --help lists them", dashes, n, name.p);
}

static void add_choices(struct ift_str *s, const char *const *choices) {
    for (size_t i = 0; choices[i]; i++) ift_str_addf(s, "%s%s", i ? ", " : "", choices[i]);
}

static int set_choice(const struct parse *p, struct target t, const char *text) {
    for (const char *const *c = t.opt->choices; *c; c++) {
        if (strcmp(*c, text) != 0) continue;
        *(const char **)t.value = *c;
        return 0;
    }
    struct ift_str list = {0};
    add_choices(&list, t.opt->choices);
    ift_fail_usage(p->err, "--%s \"%s\" is none of %s", t.opt->name, text, list.p);
    ift_str_release(&list);
    return -1;
}

static int set_number(const struct parse *p, struct target t, const char *text) {
    const struct ift_opt *const o = t.opt;
    long long whole = 0;
    double real = 0;
    if (o->type == IFT_OPT_TINT && !ift_parse_i64(ift_slice(text), &whole)) {
        return ift_fail_usage(p->err, "--%s \"%s\" is not a whole number", o->name, text);
    }
    if (o->type == IFT_OPT_TFLOAT && !ift_parse_f64(ift_slice(text), &real)) {
        return ift_fail_usage(p->err, "--%s \"%s\" is not a number", o->name, text);
    }
    const double v = o->type == IFT_OPT_TINT ? (double)whole : real;
    if (v < o->min || v > o->max) {
        return ift_fail_usage(p->err, "--%s %s is outside %.15g to %.15g", o->name, text, o->min,
                              o->max);
    }
    if (o->type == IFT_OPT_TINT) *(long long *)t.value = whole;
    else *(double *)t.value = real;
    return 0;
}

static int set_value(const struct parse *p, struct target t, const char *text) {
    switch (t.opt->type) {
    case IFT_OPT_TINT:
    case IFT_OPT_TFLOAT: return set_number(p, t, text);
    case IFT_OPT_TCHOICE: return set_choice(p, t, text);
    case IFT_OPT_TSTR:
    case IFT_OPT_TOPTIONAL: *(const char **)t.value = text; return 0;
    case IFT_OPT_TLIST: {
        struct ift_opt_list *const list = t.value;
        list->item = ift_realloc(list->item, list->n + 1, sizeof *list->item);
        list->item[list->n++] = text;
        return 0;
    }
    case IFT_OPT_TFLAG: *(bool *)t.value = true; return 0;
    case IFT_OPT_END: break;
    }
    return 0;
}

static bool takes_next_word(const struct ift_opt *opt) {
    return opt->type != IFT_OPT_TFLAG && opt->type != IFT_OPT_TOPTIONAL;
}

/* The value of an option that needs one: what is attached to its word, else the next word. */
static int set_from_words(struct parse *p, struct target t, const char *attached) {
    if (attached) return set_value(p, t, attached);
    if (!takes_next_word(t.opt)) return set_value(p, t, "");
    if (p->at == p->argc) return ift_fail_usage(p->err, "--%s needs a value", t.opt->name);
    return set_value(p, t, p->argv[p->at++]);
}

static int parse_long(struct parse *p, const char *word) {
    const char *const equals = strchr(word, '=');
    const size_t n = equals ? (size_t)(equals - word) : strlen(word);
    const struct ift_slice name = {word + 2, n - 2};
    struct target t;
    if (!find_name(p, name, &t)) return unknown(p, "--", name);
    if (equals && t.opt->type == IFT_OPT_TFLAG) {
        return ift_fail_usage(p->err, "--%s takes no value", t.opt->name);
    }
    return set_from_words(p, t, equals ? equals + 1 : NULL);
}

static int parse_letters(struct parse *p, const char *word) {
    for (const char *c = word + 1; *c; c++) {
        struct target t;
        if (!find_letter(p, *c, &t)) return unknown(p, "-", ift_slice(word + 1));
        if (t.opt->type == IFT_OPT_TFLAG) {
            IFT_TRY(set_value(p, t, ""));
            continue;
        }
        return set_from_words(p, t, c[1] ? c + 1 : NULL);
    }
    return 0;
}

static bool given(const struct ift_opt *opt, const void *value) {
    if (opt->type == IFT_OPT_TFLAG) return *(const bool *)value;
    if (opt->type == IFT_OPT_TLIST) return ((const struct ift_opt_list *)value)->n > 0;
    return *(const char *const *)value != NULL;
}

static int parse_words(struct parse *p, const char **operands, size_t *noperands) {
    bool options = true;
    while (p->at < p->argc) {
        const char *const word = p->argv[p->at++];
        if (!options || word[0] != '-' || word[1] == '\0') operands[(*noperands)++] = word;
        else if (strcmp(word, "--") == 0) options = false;
        else if (word[1] == '-') IFT_TRY(parse_long(p, word));
        else IFT_TRY(parse_letters(p, word));
    }
    return 0;
}

int ift_opt_parse(const struct ift_opt_set *sets, size_t nsets, int argc, char *const argv[],
                  const char ***operands, size_t *noperands, struct ift_err *err) {
    for (size_t i = 0; i < nsets; i++) {
        for EACH_OPT (opt, &sets[i]) write_default(opt, value_of(&sets[i], opt));
    }
    struct parse p = {sets, nsets, argc, argc > 0, argv, err};
    const char **const found = ift_alloc0((size_t)argc + 1, sizeof *found);
    size_t n = 0;
    if (parse_words(&p, found, &n) < 0) {
        free(found);
        return -1;
    }
    *operands = found;
    *noperands = n;
    return 0;
}

int ift_opt_complete(const struct ift_opt_set *sets, size_t nsets, struct ift_err *err) {
    if (ift_opt_alone(sets, nsets)) return 0;
    for (size_t i = 0; i < nsets; i++) {
        for EACH_OPT (opt, &sets[i]) {
            if (!(opt->is & IFT_OPT_IS_REQUIRED) || given(opt, value_of(&sets[i], opt))) continue;
            return ift_fail_usage(err, "--%s %s is required", opt->name, opt->metavar);
        }
    }
    return 0;
}

bool ift_opt_alone(const struct ift_opt_set *sets, size_t nsets) {
    for (size_t i = 0; i < nsets; i++) {
        for EACH_OPT (opt, &sets[i]) {
            if ((opt->is & IFT_OPT_IS_ALONE) && given(opt, value_of(&sets[i], opt))) return true;
        }
    }
    return false;
}

void ift_opt_release(const struct ift_opt_set *sets, size_t nsets) {
    for (size_t i = 0; i < nsets; i++) {
        for EACH_OPT (opt, &sets[i]) {
            if (opt->type == IFT_OPT_TLIST) ift_opt_list_release(value_of(&sets[i], opt));
        }
    }
}

int ift_opt_choice(const char *const *choices, const char *value) {
    int i = 0;
    while (choices[i] && strcmp(choices[i], value) != 0) i++;
    return i;
}

void ift_opt_list_release(struct ift_opt_list *list) {
    free(list->item);
    *list = (struct ift_opt_list){0};
}
