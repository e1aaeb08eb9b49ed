/* json_split.h: the splitter's state, and the steps by which lines and elements are found. Private
 * to io.
 *
 * The splitter looks for where values end, not at whether they are right: that is the parser's
 * work, value by value. It is built so that a broken value spoils as little as possible of what
 * follows: a line break ends any string, for JSON allows none inside, and in a stream of lines a
 * value is its line unless it plainly goes on, and a line is several values only if each of them is
 * right.
 */
#ifndef IFT_JSON_SPLIT_H
#define IFT_JSON_SPLIT_H

#include "libcore/io/json.h"

enum where {
    AT_START,
    BETWEEN, /* where a value, or a member's key, may start */
    KEY,     /* behind a member's key and colon */
    WITHIN,  /* in a line that may be a value, or, when tracked, in a value */
    AFTER,   /* behind an element of the array */
    CLOSED,  /* behind the array */
};

#define IFT_JSON_MARK "\xef\xbb\xbf" /* byte order mark */

struct ift_json_splitter {
    enum ift_json_layout layout;
    enum where where;
    bool finished, any; /* any: the array has an element */
    uint64_t marks;     /* byte order marks skipped */
    size_t line;        /* of the first byte of text */

    struct ift_slice text; /* not used yet: the value being looked for, or what stands before it,
                              and all after it */
    struct ift_slice rest; /* of the block, behind text */
    struct ift_str buf;    /* where text lies when it began in an earlier block; else it lies in the
                              block itself */
    bool kept;             /* text lies in buf */
    size_t pos;            /* bytes of text in which the end of the value is not */
    size_t sure;           /* bytes of text that are whole values one after the other */
    struct ift_json doc;   /* for making sure */

    struct ift_str key; /* OBJECT_OF: of the member, as it stands there */
    bool has_key;

    bool tracked; /* following the value's brackets */
    bool in_string;
    size_t depth;
};

static inline bool ift_json_opens(char c) {
    return c == '{' || c == '[';
}

static inline bool ift_json_closes(char c) {
    return c == '}' || c == ']';
}

/* Whether what stands behind it belongs to the same value. */
static inline bool ift_json_leads_on(char c) {
    return ift_json_opens(c) || c == ',' || c == ':';
}

/* ---- json_follow.c ---- */

/* Leaves n bytes behind, which may hold line breaks or not. */
void ift_json_split_skip(struct ift_json_splitter *s, size_t n, bool breaks);
void ift_json_split_skip_blanks(struct ift_json_splitter *s);
/* Blanks, and the marks that files put together bring with them. False when more input is needed to
 * tell, or there is none. */
bool ift_json_split_skip_marks(struct ift_json_splitter *s);
/* Follows the value from pos. True when its end is found: pos is there. */
bool ift_json_split_track(struct ift_json_splitter *s);
void ift_json_split_follow_from_start(struct ift_json_splitter *s);
/* Lends the first n bytes. They stay where they are until the next call. Returns 1. */
int ift_json_split_lend(struct ift_json_splitter *s, size_t n, struct ift_slice *value,
                        size_t *line);

/* ---- json_lines.c, json_elements.c: ift_json_splitter_next of each layout ---- */

int ift_json_split_next_line(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                             struct ift_err *err) IFT_MUST_CHECK;
int ift_json_split_next_element(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                                struct ift_err *err) IFT_MUST_CHECK;

#endif
