#include "libcore/data/record.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

/* In the order of the table below: those that a record must have come first. */
enum {
    INSTRUCTION,
    INPUT,
    OUTPUT,
    NREQUIRED,
    MESSAGES = NREQUIRED,
    RATIONALE,
    SYSTEM,
    ID,
    SOURCE,
    TAGS,
    NKEYS
};

enum shape { TEXT, TEXT_OR_NUMBER, DIALOGUE, TEXTS };

/* The keys that the suite gives a meaning to. */
#define NAME(text)                                                                                 \
    { text, sizeof text - 1 }
static const struct key {
    struct ift_slice name;
    enum shape shape;
    size_t offset;
} keys[NKEYS] = {
    [INSTRUCTION] = {NAME("instruction"), TEXT, offsetof(struct ift_record, instruction)},
    [INPUT] = {NAME("input"), TEXT, offsetof(struct ift_record, input)},
    [OUTPUT] = {NAME("output"), TEXT, offsetof(struct ift_record, output)},
    [MESSAGES] = {NAME("messages"), DIALOGUE, offsetof(struct ift_record, messages)},
    [RATIONALE] = {NAME("rationale"), TEXT, offsetof(struct ift_record, rationale)},
    [SYSTEM] = {NAME("system"), TEXT, offsetof(struct ift_record, system)},
    [ID] = {NAME("id"), TEXT_OR_NUMBER, offsetof(struct ift_record, id)},
    [SOURCE] = {NAME("source"), TEXT, offsetof(struct ift_record, source)},
    [TAGS] = {NAME("tags"), TEXTS, offsetof(struct ift_record, tags)},
};

/* One more than the first key of that length, and than the next one of the same length. */
static const uint8_t first_of_length[] = {
    [2] = ID + 1,       [4] = TAGS + 1,      [5] = INPUT + 1,        [6] = OUTPUT + 1,
    [8] = MESSAGES + 1, [9] = RATIONALE + 1, [11] = INSTRUCTION + 1,
};
static const uint8_t next_of_length[NKEYS] = {[OUTPUT] = SYSTEM + 1, [SYSTEM] = SOURCE + 1};

static const char *const type_name[] = {"null",     "a boolean", "a boolean", "a number",
                                        "a string", "an array",  "an object"};

static int *slot(struct ift_record *r, const struct key *k) {
    return (int *)(void *)((char *)r + k->offset);
}

/* What a message says of itself; -1: it does not. */
struct message {
    int role, content, train;
};

static struct message read_message(const struct ift_json *doc, int m) {
    static const struct ift_slice role = NAME("role"), content = NAME("content"),
                                  train = NAME("train");
    struct message said = {-1, -1, -1};
    const uint32_t end = doc->node[m].end;
    for (uint32_t key = (uint32_t)m + 1; key < end; key = doc->node[key + 1].end) {
        const int value = (int)key + 1;
        if (ift_json_slice_is(doc, (int)key, role))
            said.role = value;
        else if (ift_json_slice_is(doc, (int)key, content))
            said.content = value;
        else if (ift_json_slice_is(doc, (int)key, train))
            said.train = value;
    }
    return said;
}

static inline bool is(const struct ift_json *doc, int node, enum ift_json_type type) {
    return node >= 0 && doc->node[node].type == type;
}

/* Of a dialogue: what the user said last; the last message, if it is an answer. */
struct exchange {
    int asked, answered; /* -1: there is none */
};

static int check_messages(const struct ift_json *doc, int list, struct exchange *last,
                          struct ift_err *err) {
    static const struct ift_slice user = NAME("user"), assistant = NAME("assistant");
    *last = (struct exchange){-1, -1};
    if (!is(doc, list, IFT_JSON_ARRAY)) return IFT_FAIL(err, "\"messages\" is not an array");
    size_t i = 0;
    const uint32_t end = doc->node[list].end;
    for (uint32_t m = (uint32_t)list + 1; m < end; m = doc->node[m].end, i++) {
        if (!is(doc, (int)m, IFT_JSON_OBJECT))
            return IFT_FAIL(err, "\"messages\"[%zu] is not an object", i);
        const struct message said = read_message(doc, (int)m);
        if (!is(doc, said.role, IFT_JSON_STRING) || !is(doc, said.content, IFT_JSON_STRING))
            return IFT_FAIL(err, "\"messages\"[%zu] needs the strings \"role\" and \"content\"", i);
        if (said.train >= 0 && !is(doc, said.train, IFT_JSON_TRUE) &&
            !is(doc, said.train, IFT_JSON_FALSE))
            return IFT_FAIL(err, "\"messages\"[%zu]: \"train\" is neither true nor false", i);
        if (ift_json_slice_is(doc, said.role, user)) last->asked = said.content;
        last->answered = ift_json_slice_is(doc, said.role, assistant) ? said.content : -1;
    }
    return i ? 0 : IFT_FAIL(err, "\"messages\" is empty");
}

static int check_texts(const struct ift_json *doc, int list, const char *name,
                       struct ift_err *err) {
    if (!ift_json_is(doc, list, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "\"%s\" is not an array", name);
    for (int v = ift_json_first(doc, list); v >= 0; v = ift_json_next(doc, list, v)) {
        if (!ift_json_is(doc, v, IFT_JSON_STRING))
            return IFT_FAIL(err, "\"%s\" holds something that is no string", name);
    }
    return 0;
}

static int check_key(const struct ift_json *doc, int v, const struct key *k, struct ift_err *err) {
    if (v < 0) return IFT_FAIL(err, "missing \"%s\"", k->name.p);
    struct exchange unused;
    if (k->shape == DIALOGUE) return check_messages(doc, v, &unused, err);
    if (k->shape == TEXTS) return check_texts(doc, v, k->name.p, err);
    if (ift_json_is(doc, v, IFT_JSON_STRING)) return 0;
    if (k->shape == TEXT_OR_NUMBER && ift_json_is(doc, v, IFT_JSON_NUMBER)) return 0;
    return IFT_FAIL(err, "\"%s\" is %s, not a string", k->name.p, type_name[doc->node[v].type]);
}

/* Which of the table's rows a key node is, or NKEYS. */
static size_t find_key(const struct ift_json *doc, int key) {
    const struct ift_json_node *const node = &doc->node[key];
    const size_t n = node->to - node->from - 2;
    size_t i = 0;
    if (node->escaped) {
        while (i < NKEYS && !ift_json_slice_is(doc, key, keys[i].name)) i++;
        return i;
    }
    if (n >= sizeof first_of_length) return NKEYS;
    const char *const text = doc->text + node->from + 1;
    for (i = first_of_length[n]; i > 0; i = next_of_length[i - 1]) {
        if (ift_bytes_eq(text, keys[i - 1].name.p, n)) return i - 1;
    }
    return NKEYS;
}

/* Notes where the known keys are, and in *present, a bit each, of which there are values to check.
 */
static int locate(struct ift_record *r, unsigned *present, struct ift_err *err) {
    const struct ift_json *const doc = &r->doc;
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) {
        return IFT_FAIL(err, "a record is a JSON object, this is %s", type_name[doc->node[0].type]);
    }
    for (size_t i = 0; i < NKEYS; i++) *slot(r, &keys[i]) = -1;
    *present = (1u << NREQUIRED) - 1;
    const uint32_t end = doc->node[0].end;
    for (uint32_t key = 1; key < end; key = doc->node[key + 1].end) {
        const size_t i = find_key(doc, (int)key);
        if (i == NKEYS) continue;
        const bool absent = i >= NREQUIRED && doc->node[key + 1].type == IFT_JSON_NULL;
        *slot(r, &keys[i]) = absent ? -1 : (int)key + 1;
        *present |= 1u << i;
    }
    return 0;
}

static int check(struct ift_record *r, unsigned present, struct ift_err *err) {
    for (; present; present &= present - 1) {
        const unsigned i = (unsigned)__builtin_ctz(present);
        const int v = *slot(r, &keys[i]);
        if (v < 0 && i >= NREQUIRED) continue;
        if (v >= 0 && keys[i].shape == TEXT && r->doc.node[v].type == IFT_JSON_STRING) continue;
        IFT_TRY(check_key(&r->doc, v, &keys[i], err));
    }
    return 0;
}

int ift_record_parse(struct ift_record *r, const char *text, size_t n, struct ift_err *err) {
    IFT_TRY(ift_json_parse(&r->doc, text, n, err));
    unsigned present;
    IFT_TRY(locate(r, &present, err));
    return check(r, present, err);
}

void ift_record_release(struct ift_record *r) {
    ift_json_release(&r->doc);
    *r = (struct ift_record){0};
}

size_t ift_record_rounds(const struct ift_record *r) {
    size_t n = 0;
    for (int m = ift_json_first(&r->doc, r->messages); m >= 0;
         m = ift_json_next(&r->doc, r->messages, m))
        n += ift_json_text_is(&r->doc, ift_json_get(&r->doc, m, "role"), "user");
    return n;
}

bool ift_record_lacks(const struct ift_record *r, int node) {
    return node < 0 || ift_json_raw(&r->doc, node).n <= 2;
}

/* ---- completing ---- */

/* Takes the bytes [from, to) out of the text and puts others there. */
static void replace(struct ift_str *s, size_t from, size_t to, struct ift_slice by) {
    ift_str_reserve(s, by.n);
    memmove(s->p + from + by.n, s->p + to, s->n - to + 1);
    if (by.n) memcpy(s->p + from, by.p, by.n);
    s->n = s->n - (to - from) + by.n;
}

/* Takes a null `input` away and puts an empty one behind `instruction`. The record's text
 * starts at out->p[base]. */
static void give_input(struct ift_str *out, const struct ift_record *r, size_t base) {
    const struct ift_json_node *const node = r->doc.node;
    size_t at = base + node[r->instruction].to;
    if (r->input >= 0) {
        size_t from = base + node[r->input - 1].from, to = base + node[r->input].to;
        if (out->p[to] == ',') {
            to++;
        } else {
            from--; /* the comma before it: it is not the only member */
        }
        replace(out, from, to, (struct ift_slice){0});
        if (from < at) at -= to - from;
    }
    replace(out, at, at, ift_slice(",\"input\":\"\""));
}

/* Of a dialogue that says nothing else, its last exchange is what is asked and answered. */
static int find_exchange(struct ift_record *r, struct ift_err *err) {
    struct exchange last;
    IFT_TRY(check_messages(&r->doc, r->messages, &last, err));
    if (last.asked < 0) return IFT_FAIL(err, "\"messages\" has no user message");
    if (last.answered < 0) return IFT_FAIL(err, "\"messages\" ends without an answer");
    r->instruction = last.asked;
    r->output = last.answered;
    return 0;
}

static char *put(char *to, struct ift_slice text) {
    memcpy(to, text.p, text.n);
    return to + text.n;
}

/* Puts the instruction and output that stand in its messages in front of its keys. */
static void give_exchange(struct ift_str *out, const struct ift_record *r, size_t base) {
    static const struct ift_slice asked = NAME("\"instruction\":"),
                                  answered = NAME(",\"input\":\"\",\"output\":");
    struct ift_slice instruction = ift_json_raw(&r->doc, r->instruction),
                     output = ift_json_raw(&r->doc, r->output);
    const size_t n = asked.n + instruction.n + answered.n + output.n + 1,
                 at = base + r->doc.node[0].from + 1,
                 instruction_at = (size_t)(instruction.p - out->p) + n,
                 output_at = (size_t)(output.p - out->p) + n;
    ift_str_reserve(out, n);
    char *to = out->p + at;
    memmove(to + n, to, out->n - at + 1);
    out->n += n;
    instruction.p = out->p + instruction_at;
    output.p = out->p + output_at;
    to = put(put(put(put(to, asked), instruction), answered), output);
    *to = ',';
}

int ift_record_complete(const struct ift_json *value, struct ift_str *out, bool *empty,
                        struct ift_err *err) {
    struct ift_record r = {.doc = *value}; /* whose memory stays the caller's */
    const size_t base = (size_t)(value->text - out->p);
    unsigned present;
    IFT_TRY(locate(&r, &present, err));
    if (r.messages >= 0 && r.instruction < 0 && r.input < 0 && r.output < 0) {
        IFT_TRY(find_exchange(&r, err));
        r.input = r.instruction;
        IFT_TRY(check(&r, present & ~(1u << MESSAGES), err));
        *empty = ift_record_lacks(&r, r.output);
        give_exchange(out, &r, base);
        return 0;
    }
    const int input = r.input;
    const bool missing = input < 0 || ift_json_is(&r.doc, input, IFT_JSON_NULL);
    if (missing) r.input = r.instruction; /* of which whatever is wrong is said first */
    IFT_TRY(check(&r, present, err));
    r.input = input;
    *empty = ift_record_lacks(&r, r.output);
    if (missing) give_input(out, &r, base);
    return 0;
}
