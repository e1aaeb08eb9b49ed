/* opt.h: the command line as a table.
 *
 * One const table per tool gives the parser, the range checks, --help with defaults, shell
 * completion and the SYNOPSIS that the man page must agree with. Values land in the tool's own
 * argument struct through offsets, so there is nothing global and nothing to forget:
 *
 *     struct args { const char *from; long long length; bool list; };
 *     static const struct ift_opt opts[] = {
 *         IFT_OPT_STR('\0', "from", struct args, from, "NAME", NULL, "how to read the input"),
 *         IFT_OPT_INT('\0', "length", struct args, length, "N", 1, 1 << 24, 2048, "tokens a row"),
 *         IFT_OPT_ALONE('\0', "list", struct args, list, "list the recipes and leave"),
 *         {0},
 *     };
 *
 * A member of another type than its option is a compile-time warning.
 *
 * Grammar: -x, -xVALUE, -x VALUE, flags bundled as -xy, --name, --name=VALUE, --name VALUE; `--`
 * ends the options, `-` is an operand. Options and operands may be mixed. A long name may not be
 * abbreviated: scripts outlive the tables they were written for. An unknown name is a usage error
 * that offers the nearest known one. A repeated option: the last wins, except for lists.
 */
#ifndef IFT_OPT_H
#define IFT_OPT_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

enum ift_opt_type {
    IFT_OPT_END,       /* the {0} that closes a table */
    IFT_OPT_TFLAG,     /* bool */
    IFT_OPT_TINT,      /* long long within [min, max] */
    IFT_OPT_TFLOAT,    /* double within [min, max] */
    IFT_OPT_TSTR,      /* const char * (points into argv or at the default) */
    IFT_OPT_TCHOICE,   /* const char *, one of `choices`; stores the table's own pointer */
    IFT_OPT_TLIST,     /* struct ift_opt_list: every VALUE given, in order */
    IFT_OPT_TOPTIONAL, /* const char *: NULL not given, "" --name alone, VALUE --name=VALUE */
};

/* How an option stands to the others. */
enum {
    IFT_OPT_IS_REQUIRED = 1, /* leaving it out is a usage error */
    IFT_OPT_IS_ALONE = 2,    /* a flag like --list: with it nothing is required, not even input */
};

struct ift_opt_list {
    const char **item;
    size_t n;
};

struct ift_opt {
    enum ift_opt_type type;
    char letter;                /* '\0': none */
    const char *name;           /* without the dashes */
    size_t offset;              /* of the member in the argument struct */
    const char *metavar;        /* what --help calls the value; NULL: the choices themselves */
    const char *help;           /* one line, lower case, no full stop */
    double min, max;            /* of a number, inclusive; whole numbers stay below 2^53 */
    double number;              /* default of a number */
    const char *text;           /* default of a string or a choice; NULL: none */
    const char *const *choices; /* NULL-terminated */
    unsigned is;                /* IFT_OPT_IS_... */
};

/* offsetof that warns when the member's type is not T. */
#define IFT_OPT_AT(S, m, T) (offsetof(S, m) + 0 * sizeof(&((S *)0)->m == (T *)0))

/* l letter, n name, S struct, m member, v metavar, lo..hi range, def default, h help */
#define IFT_OPT_FLAG(l, n, S, m, h) \
    {IFT_OPT_TFLAG, l, n, IFT_OPT_AT(S, m, bool), NULL, h, 0, 0, 0, NULL, NULL, 0}
#define IFT_OPT_ALONE(l, n, S, m, h) \
    {IFT_OPT_TFLAG, l, n, IFT_OPT_AT(S, m, bool), NULL, h, 0, 0, 0, NULL, NULL, IFT_OPT_IS_ALONE}
#define IFT_OPT_INT(l, n, S, m, v, lo, hi, def, h) \
    {IFT_OPT_TINT, l, n, IFT_OPT_AT(S, m, long long), v, h, lo, hi, def, NULL, NULL, 0}
#define IFT_OPT_FLOAT(l, n, S, m, v, lo, hi, def, h) \
    {IFT_OPT_TFLOAT, l, n, IFT_OPT_AT(S, m, double), v, h, lo, hi, def, NULL, NULL, 0}
#define IFT_OPT_STR(l, n, S, m, v, def, h) \
    {IFT_OPT_TSTR, l, n, IFT_OPT_AT(S, m, const char *), v, h, 0, 0, 0, def, NULL, 0}
#define IFT_OPT_REQUIRED(l, n, S, m, v, h)                                       \
    {IFT_OPT_TSTR, l, n, IFT_OPT_AT(S, m, const char *), v, h, 0, 0, 0, NULL, NULL, \
     IFT_OPT_IS_REQUIRED}
#define IFT_OPT_CHOICE(l, n, S, m, v, def, list, h) \
    {IFT_OPT_TCHOICE, l, n, IFT_OPT_AT(S, m, const char *), v, h, 0, 0, 0, def, list, 0}
#define IFT_OPT_LIST(l, n, S, m, v, h) \
    {IFT_OPT_TLIST, l, n, IFT_OPT_AT(S, m, struct ift_opt_list), v, h, 0, 0, 0, NULL, NULL, 0}
#define IFT_OPT_OPTIONAL(l, n, S, m, v, h) \
    {IFT_OPT_TOPTIONAL, l, n, IFT_OPT_AT(S, m, const char *), v, h, 0, 0, 0, NULL, NULL, 0}

/* A table together with the struct it fills. A program has two: its own and the common one. */
struct ift_opt_set {
    const struct ift_opt *opts; /* closed by {0}; NULL: no options */
    void *args;
};

/* Parses argv[1..] into the sets after writing every default. Operands are collected in order;
 * the array is owned by the caller (free). Fails with err->usage set; what lists hold then is the
 * caller's to release all the same. */
int ift_opt_parse(const struct ift_opt_set *sets, size_t nsets, int argc, char *const argv[],
                  const char ***operands, size_t *noperands, struct ift_err *err) IFT_MUST_CHECK;

/* For parsed sets: fails when a required option is missing and no alone one is there. */
int ift_opt_complete(const struct ift_opt_set *sets, size_t nsets,
                     struct ift_err *err) IFT_MUST_CHECK;

/* For parsed sets: was one of the IFT_OPT_ALONE flags given? */
bool ift_opt_alone(const struct ift_opt_set *sets, size_t nsets);

/* Which of a table of choices a value is that was parsed, or is a default, from it: what an enum in
 * the table's order counts. */
int ift_opt_choice(const char *const *choices, const char *value);

/* Releases every list of the sets, as after a parse. */
void ift_opt_release(const struct ift_opt_set *sets, size_t nsets);

void ift_opt_list_release(struct ift_opt_list *list);

#endif
