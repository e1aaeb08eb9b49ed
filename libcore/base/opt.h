/* opt.h: the command line as a table.
 *
 * One const table per tool gives the parser, the range checks, --help with defaults, shell completion and
 * the SYNOPSIS that the man page must agree with. Values land in the tool's own argument struct through
 * offsets, so there is nothing global and nothing to forget:
 *
 *     struct args { const char *from; long long seed; bool list; };
 *     static const struct ift_opt opts[] = {
 *         IFT_OPT_STR('\0', "from", struct args, from, "NAME", NULL, "recipe that reads the input"),
 *         IFT_OPT_INT('\0', "length", struct args, length, "N", 1, 1 << 24, 2048, "tokens a row"),
 *         IFT_OPT_FLAG('\0', "list", struct args, list, "list the recipes and leave"),
 *         {0},
 *     };
 *
 * Grammar: -x, -xVALUE, -x VALUE, --name, --name=VALUE, --name VALUE, `--` ends the options, `-` is an operand. Options
 * and operands may be mixed. A long name may not be abbreviated: scripts outlive the tables they were written
 * for. An unknown name is a usage error that offers the nearest known one. A repeated option: the last wins,
 * except for lists.
 */
#ifndef IFT_OPT_H
#define IFT_OPT_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

enum ift_opt_type {
    IFT_OPT_END, /* the {0} that closes a table */
    IFT_OPT_TFLAG,   /* bool */
    IFT_OPT_TINT,    /* long long within [min, max] */
    IFT_OPT_TFLOAT,  /* double within [min, max] */
    IFT_OPT_TSTR,    /* const char * (points into argv or at the default) */
    IFT_OPT_TCHOICE, /* const char *, one of `choices`; stores the table's own pointer */
    IFT_OPT_TLIST,   /* struct ift_opt_list: every VALUE given, in order */
};

struct ift_opt_list {
    const char **item;
    size_t n;
};

struct ift_opt {
    enum ift_opt_type type;
    char letter;             /* '\0': none */
    const char *name;        /* without the dashes */
    size_t offset;           /* of the member in the argument struct */
    const char *metavar;     /* what --help calls the value */
    const char *help;        /* one line, lower case, no full stop */
    double min, max;         /* numbers; whole numbers beyond 2^53 are not options */
    double number;           /* default of a number */
    const char *text;        /* default of a string or a choice; NULL: none */
    const char *const *choices; /* NULL-terminated */
};

#define IFT_OPT_FLAG(l, n, S, m, h) {IFT_OPT_TFLAG, l, n, offsetof(S, m), NULL, h, 0, 0, 0, NULL, NULL}
#define IFT_OPT_INT(l, n, S, m, v, lo, hi, def, h) {IFT_OPT_TINT, l, n, offsetof(S, m), v, h, lo, hi, def, NULL, NULL}
#define IFT_OPT_FLOAT(l, n, S, m, v, lo, hi, def, h) {IFT_OPT_TFLOAT, l, n, offsetof(S, m), v, h, lo, hi, def, NULL, NULL}
#define IFT_OPT_STR(l, n, S, m, v, def, h) {IFT_OPT_TSTR, l, n, offsetof(S, m), v, h, 0, 0, 0, def, NULL}
#define IFT_OPT_CHOICE(l, n, S, m, v, def, list, h) {IFT_OPT_TCHOICE, l, n, offsetof(S, m), v, h, 0, 0, 0, def, list}
#define IFT_OPT_LIST(l, n, S, m, v, h) {IFT_OPT_TLIST, l, n, offsetof(S, m), v, h, 0, 0, 0, NULL, NULL}

/* A table together with the struct it fills. A program has two: its own and the common one. */
struct ift_opt_set {
    const struct ift_opt *opts; /* closed by {0} */
    void *args;
};

/* Parses argv[1..] into the sets after writing every default. Operands are collected in order; the array is
 * owned by the caller (free). Fails with err->usage set. */
int ift_opt_parse(const struct ift_opt_set *sets, size_t nsets, int argc, char *const argv[],
                  const char ***operands, size_t *noperands, struct ift_err *err) IFT_MUST_CHECK;

void ift_opt_list_release(struct ift_opt_list *list);

#endif
