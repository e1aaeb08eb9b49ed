/* jqn.h: the common subset of jq on our own evaluator. It works on a parsed document without
 * copying it: a value is a node of the document until something new is made of it, so picking
 * fields costs little more than reading.
 *
 * The subset. Paths: . .a ."a" .["a"] .[e] .[i:j] .[], each with ?. Literals, strings with \(e),
 * [e], {k: e} in all its forms, $names. Operators: | , // + - (also unary) / == != < <= > >= and
 * or. if/elif/else/end, e as $x | e, reduce with one $x, def f: e; without parameters. Functions:
 * empty error error(m) not length type tostring tojson fromjson add any all min max first last
 * first(f) limit(n;f) range(n) range(a;b) select(f) map(f) join(s) split(s) ltrimstr(s) rtrimstr(s)
 * startswith(s) endswith(s) contains(x) ascii_downcase ascii_upcase has(k) keys keys_unsorted
 * to_entries del(.k, .l) values nulls booleans numbers strings arrays objects scalars iterables.
 *
 * A program in the subset means what it means to libjq (1.6), but for what a text survives: a
 * number that is passed on keeps its digits, and U+007F is not escaped. What would need more than
 * the subset is not guessed at: open says so, or, where only the data shows it, run does.
 *
 * To add a function: a row in the table of jqn_call.c and its body there; the differential test
 * (test_recipe_random) picks it up from its own table.
 */
#ifndef IFT_JQN_H
#define IFT_JQN_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/jq.h"
#include "libcore/io/json.h"

struct ift_jqn;

/* NULL when the program is not in the subset (it may be right or wrong: libjq will tell); `why`
 * then says what is not. */
struct ift_jqn *ift_jqn_open(const char *program, const struct ift_jq_arg *args, size_t nargs,
                             struct ift_str *why);
/* Runs it on node 0 of a document that must stay until the last output was taken: 0, or 1 when this
 * value asks for what only libjq does. A failure of the program shows behind the outputs that came
 * before it. Outputs are appended to `out` as compact JSON, each when next tells of it, the first
 * perhaps now; between run and the first next `out` must stay as it is. */
int ift_jqn_run(struct ift_jqn *q, const struct ift_json *doc, struct ift_str *out) IFT_MUST_CHECK;
/* The next output: its tape, over the whole of what is in `out`, lent until the next call or until
 * `out` changes: 1, 0 no more, -1: the program failed. */
int ift_jqn_next(struct ift_jqn *q, const struct ift_json **value,
                 struct ift_err *err) IFT_MUST_CHECK;
void ift_jqn_free(struct ift_jqn *q);

#endif
