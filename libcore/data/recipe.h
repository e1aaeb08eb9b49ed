/* recipe.h: how a dataset becomes records: a jq program with a header, data/formats/NAME.jq.
 *
 * To add a dataset: write that file and a pair tests/formats/NAME.{in,out}. No C.
 *
 *     # title: Dolly 2.0
 *     # read: json
 *     # lang: EN            (EN, CN, ML)
 *     # task: MT            (MT several tasks, TS one task)
 *     # gen: HG             (HG people, SI a model, MIX both, COL collected from other sets)
 *     # type: instructions of databricks' staff, eight kinds
 *     # source: https://github.com/databrickslabs/dolly
 *     # licence: CC BY-SA 3.0
 *     # records: 15015
 *     {instruction, input: .context, output: .response}
 *
 * The header is the run of lines at the top that start with `#`; a line `# key: value` defines a
 * key, others are plain comment. Keys: title, read, join, lang, task, gen, type, source, licence,
 * records (as published), turns (how several turns are mapped), side and answers: the values,
 * separated by commas, that `--side` or `--answers` may have, the usual one first; the program sees
 * it as $side or $answers. A key that is not one of them, or comes twice, is an error, so that a
 * misspelling is seen.
 *
 * `read:` says how the container is cut into the values that the program sees one by one:
 *     json       values: the elements of a top-level array, or one value after the other (seen from
 *                the first character)
 *     jsonl      one value after the other, even when the first is an array; of both, group=KEY
 *                makes an array of objects that follow one another with the same KEY (group.h)
 *     object     the members of one top-level object, each as {"key": …, "value": …} (jq's
 *                to_entries), however many; one whose key repeats comes again
 *     yaml       the elements of a top-level sequence, or the documents (yaml.h)
 *     paragraphs runs of lines between empty ones, or such that are blank, each a string
 *     csv | tsv  rows, as arrays of strings; further words: quoting=python (default of csv) or
 *                quoting=none (default of tsv); delimiter=C; header=yes (the first row names the
 *                columns, rows become objects), header=skip, header=no (default); fields=a,b,c
 *                (names given here; rows become objects; a row of another length is rejected)
 * Of all, encoding=NAME: the text is not UTF-8 but NAME, gb18030 say, as `iconv -l` lists them.
 * Without it: json. What has blanks in it stands in quotes: on="table id".
 *
 * `join:` tells of a second input, --join, in which each value finds what belongs to it (join.h).
 * Words as of `read:` say how it is cut, and further ones
 *     on=KEY     the value's member by which it looks
 *     key=KEY    it finds a value of the second input whose member KEY is the same, or
 *     files=GLOB it finds a file of that name, which is the array of the file's values
 *     slash=C    where files are sought: C in the value's member stands for a slash of the path
 *     as=NAME    the program sees it as the value's member NAME
 *     through=F  once, before any value sees it, it goes through F, a function of the program that
 *                stands before the last line with a semicolon at its end
 *
 * The program runs on our own evaluator when it keeps to the common subset of jq (jqn.h), otherwise
 * on libjq: same results, but for three things that the evaluator does better and jq.h says:
 * numbers keep their digits (1.0, 10000000000000000001).
 */
#ifndef IFT_RECIPE_H
#define IFT_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/csv.h"
#include "libcore/io/jq.h"

enum ift_recipe_engine { IFT_RECIPE_AUTO, IFT_RECIPE_NATIVE, IFT_RECIPE_LIBJQ };
extern const char
    *const ift_recipe_engine_name[]; /* "auto", "native", "libjq", NULL: the choices of --engine */

enum ift_recipe_container {
    IFT_RECIPE_JSON,
    IFT_RECIPE_JSONL,
    IFT_RECIPE_OBJECT,
    IFT_RECIPE_YAML,
    IFT_RECIPE_PARAGRAPHS,
    IFT_RECIPE_ROWS,
};
enum ift_recipe_columns {
    IFT_RECIPE_UNNAMED, /* rows are arrays */
    IFT_RECIPE_SKIP,    /* the first row is dropped, the others are arrays */
    IFT_RECIPE_HEADER,  /* the first row gives the names */
    IFT_RECIPE_FIELDS,  /* `field` gives the names */
};

/* What `read:` said. */
struct ift_recipe_read {
    enum ift_recipe_container container;
    struct ift_csv_dialect csv; /* of rows */
    enum ift_recipe_columns columns;
    char **field; /* IFT_RECIPE_FIELDS */
    size_t nfields;
    char *encoding; /* of the text, as ift_in_recode takes it, or NULL */
    char *group;    /* of JSON: the key by which values belong together (group.h), or NULL */
};

/* What `join:` said. */
struct ift_recipe_join {
    struct ift_recipe_read read;
    char *on, *as; /* NULL: there was no `join:` */
    char *key;     /* of values, or NULL and */
    char *files;   /* which files, each found by its name */
    char *through; /* the function that makes of it what the program sees, or NULL */
    char slash;    /* 0: none */
};

struct ift_recipe;
/* The recipe NAME of data/formats, or the file FILE (see ift_data_find). AUTO takes the evaluator
 * where it can; NATIVE fails, saying which construct, where it cannot. args are copied. One object
 * serves one thread: open one a worker. */
int ift_recipe_open(struct ift_recipe **r, const char *name, enum ift_recipe_engine engine,
                    const struct ift_jq_arg *args, size_t nargs,
                    struct ift_err *err) IFT_MUST_CHECK;
/* The same from text; `name` is for messages. */
int ift_recipe_compile(struct ift_recipe **r, const char *name, struct ift_slice text,
                       enum ift_recipe_engine engine, const struct ift_jq_arg *args, size_t nargs,
                       struct ift_err *err) IFT_MUST_CHECK;
void ift_recipe_free(struct ift_recipe *r);

const char *ift_recipe_name(const struct ift_recipe *r);
const char *ift_recipe_program(const struct ift_recipe *r);
/* Its variables: those it was opened with, and the choices that were left to it. */
size_t ift_recipe_nargs(const struct ift_recipe *r);
const struct ift_jq_arg *ift_recipe_arg(const struct ift_recipe *r, size_t i);
/* The value of a header key, NULL when it is not given. */
const char *ift_recipe_header(const struct ift_recipe *r, const char *key);
extern const char *const
    ift_recipe_keys[]; /* the header keys in the order in which they are shown, NULL at the end */
const struct ift_recipe_read *ift_recipe_reads(const struct ift_recipe *r);
const struct ift_recipe_join *ift_recipe_joins(const struct ift_recipe *r); /* NULL: nothing */
/* The function of its `through=` as a recipe of its own; NULL where there is none. */
int ift_recipe_open_through(struct ift_recipe **through, const struct ift_recipe *r,
                            struct ift_err *err) IFT_MUST_CHECK;
/* The engine that runs it, NATIVE or LIBJQ, and, for LIBJQ chosen by AUTO, what the evaluator lacks
 * (else NULL). */
enum ift_recipe_engine ift_recipe_engine(const struct ift_recipe *r);
const char *ift_recipe_why_libjq(const struct ift_recipe *r);

/* Runs the program on one value, given as JSON text that need not be checked yet and must stay
 * until the last output was taken. Fails where it is not JSON. Outputs are appended to `out`,
 * compact JSON without a line end, each when next tells of it, the first perhaps now; between run
 * and the first next `out` must stay as it is. */
int ift_recipe_run(struct ift_recipe *r, struct ift_slice value, struct ift_str *out,
                   struct ift_err *err) IFT_MUST_CHECK;
/* The same on a document that was parsed, and must stay as long. */
int ift_recipe_run_on(struct ift_recipe *r, const struct ift_json *doc, struct ift_str *out,
                      struct ift_err *err) IFT_MUST_CHECK;
/* The next output, as it lies at the end of `out`, lent until the next call or until `out` changes:
 * 1, 0 no more, -1: the program failed. */
int ift_recipe_next(struct ift_recipe *r, const struct ift_json **value,
                    struct ift_err *err) IFT_MUST_CHECK;

#endif
