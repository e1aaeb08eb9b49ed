/* record.h: the one thing that flows between data tools, an instruction record (ift-record.5).
 *
 * A record is a JSON object on a line of its own. `instruction`, `input` and `output` are required
 * strings; `messages`, `rationale`, `system`, `id`, `source` and `tags` are optional but, where
 * present, must have their shape. Every other key passes through untouched. A parsed record is a
 * view: it points into the text it was read from, so nothing is unescaped, no number loses digits
 * and the order of keys stays.
 *
 *     struct ift_record r = {0};
 *     IFT_TRY(ift_record_parse(&r, line.p, line.n, err));
 *     ift_json_text(&r.doc, r.instruction, &prompt);
 *     …                             // parse the next line into r: its memory is kept
 *     ift_record_release(&r);
 *
 * To add an optional key that the suite understands: a row in each table of record.c, a member
 * here, a paragraph in ift-record.5.
 */
#ifndef IFT_RECORD_H
#define IFT_RECORD_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"

/* Nodes of doc: -1 where an optional key is absent or null. The last of repeated keys counts. */
struct ift_record {
    struct ift_json doc; /* borrows the text given to parse; node 0 is the object */
    int instruction, input, output;
    int messages;  /* array of {"role": string, "content": string, "train"?: bool, …} */
    int rationale; /* string: the reasoning that leads from instruction to output */
    int system;    /* string: the system prompt */
    int id;        /* string or number */
    int source;    /* string */
    int tags;      /* array of strings */
};

/* A zeroed struct is ready. Fails on text that is not one JSON object, on a required key that is
 * missing or no string and on an optional key of another type; the message names the key: `missing
 * "output"`. The caller knows the file and line and puts them in front (ift_fail_in). After a
 * failure the record is usable for the next parse. */
int ift_record_parse(struct ift_record *r, const char *text, size_t n,
                     struct ift_err *err) IFT_MUST_CHECK;
void ift_record_release(struct ift_record *r);

/* Messages of the user; 0 where there are no messages. */
size_t ift_record_rounds(const struct ift_record *r);
/* True where an optional string is absent, null or "": no characters explain nothing. */
bool ift_record_lacks(const struct ift_record *r, int node);

/* Turns a value that a recipe produced, compact JSON from our own writer, no key twice, into a
 * canonical record where it stands, at the end of `out`: checks it as parse does, but first gives a
 * missing or null `input` the value "", and one that has `messages` and none of the three keys its
 * last exchange as instruction and output. *empty tells whether the output has no characters. On
 * failure the value stays as it is. */
int ift_record_complete(const struct ift_json *value, struct ift_str *out, bool *empty,
                        struct ift_err *err) IFT_MUST_CHECK;

#endif
