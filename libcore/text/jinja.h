/* jinja.h: the chat templates that models are published with, which are Jinja.
 *
 * What is understood is what such templates use, as transformers runs them (a sandbox with
 * trim_blocks and lstrip_blocks, `break`, `continue` and `generation`): for, if, set, macro, call,
 * filter, with, raw; expressions, filters, tests and methods without side effects. Anything else is
 * an error that names the construct and its line. A template is a stranger's program: it reaches
 * nothing but the values it is given, and has bounds of time and memory.
 *
 * Every byte of text has an origin, and operations keep it: 0 for what the template itself says,
 * otherwise a number that the caller gave with a value. So the result tells the template's words
 * from the data's: a "<|im_end|>" that a user typed is never taken for the one that ends a turn,
 * and where the text of a message went is known and not guessed.
 *
 *     struct ift_jinja *j;
 *     IFT_TRY(ift_jinja_open(&j, text, n, err));
 *     struct ift_jrun *run = ift_jrun_new();          // one per thread
 *     ift_jrun_begin(run);                            // values live until the next begin
 *     ift_jrun_set(run, "messages", ift_jval_json(run, &doc, node, 1));
 *     IFT_TRY(ift_jinja_render(j, run, &out, err));
 *
 * To add a filter, test, method or function: a row in the table of jinja_filter.c, jinja_test.c,
 * jinja_method.c or jinja_call.c. Semantics: jinja2 3.1.6 with Python's texts.
 */
#ifndef IFT_JINJA_H
#define IFT_JINJA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"

struct ift_jinja; /* a template; never changes once open: threads share it */
struct ift_jrun;  /* variables, and the memory of all values */

/* Messages begin with `line 3: `. The text must be UTF-8. */
int ift_jinja_open(struct ift_jinja **j, const char *text, size_t n,
                   struct ift_err *err) IFT_MUST_CHECK;
void ift_jinja_free(struct ift_jinja *j); /* NULL is fine */
/* Whether the template marks with {% generation %} what a model says. */
bool ift_jinja_marks(const struct ift_jinja *j);

enum ift_jval_type {
    IFT_JVAL_UNDEFINED,
    IFT_JVAL_NONE,
    IFT_JVAL_BOOL,
    IFT_JVAL_INT,
    IFT_JVAL_FLOAT,
    IFT_JVAL_TEXT,
    IFT_JVAL_LIST,
    IFT_JVAL_TUPLE,
    IFT_JVAL_DICT,
    IFT_JVAL_NAMESPACE,
    IFT_JVAL_LOOP,
    IFT_JVAL_MACRO,
    IFT_JVAL_METHOD,
    IFT_JVAL_FUNCTION,
};

/* Text with the origin of each byte; from NULL: all 0. */
struct ift_jtext {
    const char *p;
    size_t n;
    const uint16_t *from;
};

/* A value; what it points to belongs to its run and never changes. */
struct ift_jval {
    enum ift_jval_type type;
    union {
        bool truth;
        __int128 number; /* Python's integers are longer still; what does not fit is an error */
        double real;
        struct ift_jtext text;
        struct ift_jlist *list; /* LIST, TUPLE */
        struct ift_jdict *dict; /* DICT, NAMESPACE */
        struct ift_jloop *loop;
        struct ift_jmacro *macro;
        struct ift_jmethod *method;
        const struct ift_jfunction *function;
        const char *missing; /* UNDEFINED: what was looked for */
    };
};

struct ift_jrun *ift_jrun_new(void);
void ift_jrun_free(struct ift_jrun *run); /* NULL is fine */
/* Forgets every variable and value. */
void ift_jrun_begin(struct ift_jrun *run);
/* Sets a variable; what was set before under that name is forgotten. */
void ift_jrun_set(struct ift_jrun *run, const char *name, struct ift_jval value);

struct ift_jval ift_jval_none(void);
struct ift_jval ift_jval_bool(bool truth);
struct ift_jval ift_jval_text(struct ift_jrun *run, struct ift_slice text, uint16_t origin);
/* A JSON value, all of its texts with that origin. */
struct ift_jval ift_jval_json(struct ift_jrun *run, const struct ift_json *doc, int node,
                              uint16_t origin);
struct ift_jval ift_jval_list(struct ift_jrun *run);
struct ift_jval ift_jval_dict(struct ift_jrun *run);
void ift_jval_add(struct ift_jrun *run, struct ift_jval list, struct ift_jval item);
void ift_jval_put(struct ift_jrun *run, struct ift_jval dict, struct ift_slice key,
                  struct ift_jval value);

/* What a rendering made; it belongs to the run and stays until the next begin, so that a template
 * may be rendered again with other variables in between. */
struct ift_jout {
    struct ift_jtext text;
    const struct ift_jspan { size_t from, to; } * said; /* by {% generation %}, in order */
    size_t nsaid;
};

/* Fails as the original does. What the template raises itself is in the message in its own words.
 */
int ift_jinja_render(const struct ift_jinja *j, struct ift_jrun *run, struct ift_jout *out,
                     struct ift_err *err) IFT_MUST_CHECK;

#endif
