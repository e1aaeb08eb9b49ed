#include "libcore/data/format.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/data/recipe_show.h"
#include "libcore/data/dataset_info.h"
#include "libcore/data/filter.h"
#include "libcore/data/join.h"
#include "libcore/data/shape.h"
#include "libcore/data/turns.h"
#include "libcore/io/recode.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"

/* Variables of the program. Names that were cut out of a NAME=VALUE are its own. */
struct variables {
    struct ift_jq_arg *arg;
    size_t n, nown;
};

static void variables_release(struct variables *v) {
    for (size_t i = 0; i < v->nown; i++) free((char *)v->arg[i].name);
    free(v->arg);
}

static int read_variables(const struct ift_format *f, struct variables *v, struct ift_err *err) {
    const size_t given = f->args ? f->args->n : 0;
    v->arg = ift_alloc0(given + 2, sizeof *v->arg);
    for (size_t i = 0; i < given; i++) {
        const char *const item = f->args->item[i], *const by = strchr(item, '=');
        if (!by || by == item)
            return ift_fail_usage(err, "--arg takes NAME=VALUE, not \"%s\"", item);
        v->arg[v->n++] = (struct ift_jq_arg){ift_strndup(item, (size_t)(by - item)), by + 1};
        v->nown++;
    }
    if (f->side) v->arg[v->n++] = (struct ift_jq_arg){"side", f->side};
    if (f->answers) v->arg[v->n++] = (struct ift_jq_arg){"answers", f->answers};
    return 0;
}

static int compile_file(const struct ift_format *f, struct ift_recipe **r,
                        enum ift_recipe_engine engine, const struct variables *v,
                        struct ift_err *err) {
    struct ift_str text = {0};
    int rc = ift_in_slurp(f->file, &text, 1 << 20, err);
    if (rc == 0)
        rc = ift_recipe_compile(r, f->file, ift_str_slice(&text), engine, v->arg, v->n, err);
    ift_str_release(&text);
    return rc;
}

static int open_recipe(const struct ift_format *f, struct ift_recipe **r, struct ift_err *err) {
    const int engine = ift_opt_choice(ift_recipe_engine_name, f->engine);
    struct variables v = {0};
    int rc = read_variables(f, &v, err);
    if (rc == 0 && f->from)
        rc = ift_recipe_open(r, f->from, (enum ift_recipe_engine)engine, v.arg, v.n, err);
    else if (rc == 0 && f->program)
        rc = ift_recipe_compile(r, f->info ? f->info : "--jq", ift_slice(f->program),
                                (enum ift_recipe_engine)engine, v.arg, v.n, err);
    else if (rc == 0)
        rc = compile_file(f, r, (enum ift_recipe_engine)engine, &v, err);
    variables_release(&v);
    return rc;
}

/* What workers share. */
struct job {
    const struct ift_format *f;
    const struct ift_join *join; /* or NULL */
};

/* A worker's own. */
struct local {
    struct ift_recipe *recipe;
    struct ift_json doc, value; /* value: a view of the item's, perhaps in doc */
    struct ift_joined joined;
    struct ift_record record; /* of line, or of clean */
    struct ift_str line, clean;
    bool as_it_is; /* what the recipe gives is what is written */
};

static void *local_new(void *ctx, struct ift_err *err) {
    const struct ift_format *const f = ((const struct job *)ctx)->f;
    struct local *const l = ift_alloc0(1, sizeof *l);
    l->as_it_is = ift_turns(f->turns) == IFT_TURNS_ALL && !ift_clean_wanted(&f->clean);
    if (open_recipe(f, &l->recipe, err) == 0) return l;
    free(l);
    return NULL;
}

static void local_free(void *ctx, void *local) {
    (void)ctx;
    struct local *const l = local;
    ift_recipe_free(l->recipe);
    ift_json_release(&l->doc);
    ift_joined_release(&l->joined);
    ift_record_release(&l->record);
    ift_str_release(&l->line);
    ift_str_release(&l->clean);
    free(l);
}

enum { EMPTY, CLEANED, UNASKED };

static void put_turn(void *emit) {
    ift_emit_end(emit);
}

/* From a record to what is made of it. */
static int put_record(const struct ift_format *f, struct local *l, struct ift_emit *emit,
                      struct ift_err *err) {
    IFT_TRY(ift_record_parse(&l->record, l->line.p, l->line.n, err));
    if (ift_clean_wanted(&f->clean)) {
        bool changed = false;
        ift_str_clear(&l->clean);
        IFT_TRY(ift_clean_record(&f->clean, &l->record, &l->clean, &changed, err));
        emit->note[CLEANED] += changed;
        IFT_TRY(ift_record_parse(&l->record, l->clean.p, l->clean.n, err));
    }
    ift_turns_cut(&l->record, ift_turns(f->turns), f->context, emit->out, put_turn, emit,
                  &emit->note[UNASKED]);
    return 0;
}

/* A value that is not even text: it is not in the encoding that was named, or none was. */
static int blame_encoding(const struct ift_format *f, const struct local *l, struct ift_slice text,
                          struct ift_err *err) {
    const char *const recipes = ift_recipe_reads(l->recipe)->encoding;
    const char *const encoding = f->encoding ? f->encoding : recipes;
    const struct ift_err why = *err;
    struct ift_str bytes = {0};
    if (encoding && ift_recode_bad(text, &bytes)) ift_fail(err, "%s is not %s", bytes.p, encoding);
    ift_str_release(&bytes);
    const bool nul = memchr(text.p, '\0', text.n) != NULL;
    if (encoding || (!nul && ift_utf8_check(text.p, text.n) == text.n)) return -1;
    return ift_fail(err, "%s; %s--encoding says what it is", why.text,
                    nul ? "there are NUL bytes: " : "");
}

/* Runs the recipe on an item, with what belongs to it. */
static int run_on(const struct ift_join *join, struct local *l, const struct ift_item *item,
                  struct ift_str *to, struct ift_err *err) {
    IFT_TRY(ift_item_parse(item, &l->doc, &l->value, err));
    if (join) IFT_TRY(ift_join_add(join, &l->value, &l->joined, err));
    return ift_recipe_run_on(l->recipe, join ? &l->joined.doc : &l->value, to, err);
}

static int map(void *ctx, void *local, const struct ift_item *item, struct ift_emit *emit,
               struct ift_err *err) {
    const struct job *const job = ctx;
    const struct ift_format *const f = job->f;
    struct local *const l = local;
    struct ift_str *const to = l->as_it_is ? emit->out : &l->line;
    ift_str_clear(&l->line);
    if (run_on(job->join, l, item, to, err) < 0) return blame_encoding(f, l, item->text, err);
    const struct ift_json *value;
    int got;
    while ((got = ift_recipe_next(l->recipe, &value, err)) > 0) {
        bool empty = false;
        IFT_TRY(ift_record_complete(value, to, &empty, err));
        emit->note[EMPTY] += empty;
        if (l->as_it_is) {
            ift_emit_end(emit);
            continue;
        }
        IFT_TRY(put_record(f, l, emit, err));
        ift_str_clear(&l->line);
    }
    return got;
}

/* The second input, where the recipe has one. */
static int open_join(const struct ift_format *f, const struct ift_recipe *r, struct ift_join **join,
                     struct ift_err *err) {
    const struct ift_recipe_join *const how = ift_recipe_joins(r);
    if (how && f->join) {
        struct ift_recipe *through;
        IFT_TRY(ift_recipe_open_through(&through, r, err));
        const int got = ift_join_open(join, how, through, f->join, err);
        ift_recipe_free(through);
        return got;
    }
    if (how)
        return ift_fail_usage(err, "%s: --join what? --explain-recipe shows where \"%s\" is from",
                              ift_recipe_name(r), how->as);
    return f->join ? ift_fail_usage(err, "%s: the recipe joins nothing", ift_recipe_name(r)) : 0;
}

static int run_recipe(const struct ift_format *f, const struct ift_run *run, struct ift_err *err) {
    struct ift_recipe *recipe; /* for its header; the workers have theirs */
    struct ift_join *join = NULL;
    IFT_TRY(open_recipe(f, &recipe, err));
    if (open_join(f, recipe, &join, err) < 0) {
        ift_recipe_free(recipe);
        return -1;
    }
    struct job job = {f, join};
    const struct ift_filter filter = {
        .member = f->member,
        .encoding = f->encoding,
        .read = ift_recipe_reads(recipe),
        .as = ift_shape(f->as),
        .local_new = local_new,
        .local_free = local_free,
        .map = map,
        .note = {"with an empty output", "cleaned", "answers to nobody left out"},
    };
    const int status = ift_filter_run(&filter, &job, run, err);
    ift_join_free(join);
    ift_recipe_free(recipe);
    return status;
}

/* The first operand names the entry; without others its own file is read. */
static int run_entry(const struct ift_format *f, const struct ift_run *run, struct ift_err *err) {
    struct ift_str recipe = {0}, path = {0};
    if (run->noperands == 0) return ift_fail_usage(err, "--dataset-info: which dataset of it?");
    const bool given = run->noperands > 1;
    int rc = ift_dataset_info_read(f->info, run->operand[0], given ? run->operand[1] : NULL,
                                   &recipe, given ? NULL : &path, err);
    if (rc == 0) {
        struct ift_format of_entry = *f;
        struct ift_run on_files = *run;
        of_entry.program = recipe.p;
        on_files.operand = given ? run->operand + 1 : (const char *[]){path.p};
        on_files.noperands = given ? run->noperands - 1 : 1;
        rc = run_recipe(&of_entry, &on_files, err);
    }
    ift_str_release(&recipe);
    ift_str_release(&path);
    return rc;
}

int ift_format_run(const struct ift_format *f, const struct ift_run *run, struct ift_err *err) {
    return f->info ? run_entry(f, run, err) : run_recipe(f, run, err);
}

int ift_format_explain(const struct ift_format *f, const struct ift_run *run, struct ift_str *out,
                       struct ift_err *err) {
    struct ift_format of_entry = *f;
    struct ift_str program = {0};
    struct ift_recipe *r = NULL;
    int rc = 0;
    if (f->info && run->noperands == 0)
        rc = ift_fail_usage(err, "--dataset-info: which dataset of it?");
    if (rc == 0 && f->info) {
        rc =
            ift_dataset_info_read(f->info, run->operand[0],
                                  run->noperands > 1 ? run->operand[1] : NULL, &program, NULL, err);
        of_entry.program = program.p;
    }
    if (rc == 0) rc = open_recipe(&of_entry, &r, err);
    if (rc == 0) {
        ift_str_addf(out, "%-8s %s\n", "recipe", ift_recipe_name(r));
        ift_recipe_show_engine(r, out);
        for (size_t i = 0; i < ift_recipe_nargs(r); i++) {
            const struct ift_jq_arg *const arg = ift_recipe_arg(r, i);
            ift_str_addf(out, "%-8s $%s = ", i ? "" : "given", arg->name);
            ift_json_quote(out, arg->value, strlen(arg->value));
            ift_str_addc(out, '\n');
        }
        ift_str_addf(out, "program\n%s", ift_recipe_program(r));
        if (out->p[out->n - 1] != '\n') ift_str_addc(out, '\n');
    }
    ift_recipe_free(r);
    ift_str_release(&program);
    return rc;
}
