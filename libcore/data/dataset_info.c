#include "libcore/data/dataset_info.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/io/subtree.h"

enum column {
    PROMPT,
    QUERY,
    RESPONSE,
    HISTORY,
    MESSAGES,
    SYSTEM,
    TOOLS,
    CHOSEN,
    REJECTED,
    KTO_TAG,
    IMAGES,
    VIDEOS,
    AUDIOS,
    COLUMNS
};

static const struct {
    const char *name, *usual;
} columns[COLUMNS] = {
    {"prompt", "instruction"},
    {"query", "input"},
    {"response", "output"},
    {"history", NULL},
    {"messages", "conversations"},
    {"system", NULL},
    {"tools", NULL},
    {"chosen", NULL},
    {"rejected", NULL},
    {"kto_tag", NULL},
    {"images", NULL},
    {"videos", NULL},
    {"audios", NULL},
};

enum tag { ROLE, CONTENT, USER, ASSISTANT, OBSERVATION, FUNCTION, SYSTEM_ROLE, TAGS };

static const struct {
    const char *name, *usual;
} tags[TAGS] = {
    {"role_tag", "from"},     {"content_tag", "value"},           {"user_tag", "human"},
    {"assistant_tag", "gpt"}, {"observation_tag", "observation"}, {"function_tag", "function_call"},
    {"system_tag", "system"},
};

/* An entry; names as JSON strings, which are strings of jq, too. Empty: there is none. */
struct info {
    struct ift_str column[COLUMNS], tag[TAGS], file;
    bool dialogues, ranking;
};

static void info_release(struct info *o) {
    for (int i = 0; i < COLUMNS; i++) ift_str_release(&o->column[i]);
    for (int i = 0; i < TAGS; i++) ift_str_release(&o->tag[i]);
    ift_str_release(&o->file);
}

/* ---- reading ---- */

static int read_name(const struct ift_json *doc, int object, const char *key, const char *usual,
                     struct ift_str *out, struct ift_err *err) {
    struct ift_str text = {0};
    const int rc = ift_json_get_str(doc, object, key, object < 0 && usual ? usual : "", &text, err);
    if (rc == 0 && text.n) ift_json_quote(out, text.p, text.n);
    ift_str_release(&text);
    return rc;
}

static int check_place(const struct info *o, const struct ift_json *doc, int entry,
                       struct ift_err *err) {
    static const char *const elsewhere[] = {"hf_hub_url", "ms_hub_url", "om_hub_url", "script_url",
                                            "cloud_file_name"};
    for (size_t i = 0; o->file.n == 0 && i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (ift_json_get(doc, entry, elsewhere[i]) >= 0)
            return IFT_FAIL(err,
                            "it lies at its \"%s\": fetch the file and name it behind the dataset",
                            elsewhere[i]);
    return o->file.n ? 0 : IFT_FAIL(err, "no \"file_name\"");
}

static int read_format(struct info *o, const struct ift_json *doc, int entry, struct ift_err *err) {
    struct ift_str format = {0};
    int rc = ift_json_get_str(doc, entry, "formatting", "alpaca", &format, err);
    if (rc == 0) {
        const struct ift_slice name = ift_str_slice(&format);
        o->dialogues = ift_slice_is(name, "sharegpt") || ift_slice_is(name, "openai");
        if (!o->dialogues && !ift_slice_is(name, "alpaca"))
            rc = IFT_FAIL(err, "\"formatting\" is \"%s\"; known are alpaca, sharegpt and openai",
                          format.p);
    }
    ift_str_release(&format);
    return rc < 0 ? rc : ift_json_get_bool(doc, entry, "ranking", false, &o->ranking, err);
}

static int read_entry(struct info *o, const struct ift_json *doc, int entry, struct ift_err *err) {
    if (!ift_json_is(doc, entry, IFT_JSON_OBJECT)) return IFT_FAIL(err, "no object");
    IFT_TRY(ift_json_get_str(doc, entry, "file_name", "", &o->file, err));
    IFT_TRY(read_format(o, doc, entry, err));
    const int c = ift_json_get(doc, entry, "columns"), t = ift_json_get(doc, entry, "tags");
    for (int i = 0; i < COLUMNS; i++)
        IFT_TRY(read_name(doc, c, columns[i].name, columns[i].usual, &o->column[i], err));
    for (int i = 0; i < TAGS; i++)
        IFT_TRY(read_name(doc, t, tags[i].name, tags[i].usual, &o->tag[i], err));
    for (int i = IMAGES; i <= AUDIOS; i++)
        if (o->column[i].n) return IFT_FAIL(err, "a model of text sees no %s", columns[i].name);
    if (o->ranking && (!o->column[CHOSEN].n || !o->column[REJECTED].n))
        return IFT_FAIL(err, "\"ranking\" needs the columns \"chosen\" and \"rejected\"");
    const enum column needed = o->dialogues ? MESSAGES : PROMPT;
    if (!o->column[needed].n) return IFT_FAIL(err, "no column \"%s\"", columns[needed].name);
    if (o->dialogues && (!o->tag[ROLE].n || !o->tag[CONTENT].n))
        return IFT_FAIL(err, "\"tags\" lacks \"role_tag\" or \"content_tag\"");
    return 0;
}

/* ---- the recipe ---- */

/* The value of a column as text, "" where it has none. */
static void add_text(struct ift_str *out, const struct info *o, enum column c) {
    if (o->column[c].n)
        ift_str_addf(out, "(.[%s] | text)", o->column[c].p);
    else
        ift_str_adds(out, "\"\"");
}

/* What stands beside the answer in any record. */
static void add_extras(struct ift_str *out, const struct info *o) {
    if (o->column[TOOLS].n)
        ift_str_addf(out, "\n+ (if (.[%s] // \"\") == \"\" then {} else {tools: .[%s]} end)",
                     o->column[TOOLS].p, o->column[TOOLS].p);
}

static void add_answer(struct ift_str *out, const struct info *o) {
    const char *const by = o->dialogues ? o->tag[CONTENT].p : NULL;
    if (!o->ranking) {
        /* Text to be learned as a whole has no response. */
        ift_str_addf(out, ".[%s]", o->column[o->column[RESPONSE].n ? RESPONSE : PROMPT].p);
        return;
    }
    ift_str_addf(out, "(if $side == \"chosen\" then .[%s] else .[%s] end%s%s%s)",
                 o->column[CHOSEN].p, o->column[REJECTED].p, by ? " | .[" : "", by ? by : "",
                 by ? "]" : "");
}

static void add_alpaca(struct ift_str *out, const struct info *o) {
    const bool whole = !o->ranking && !o->column[RESPONSE].n;
    ift_str_addf(out, "{instruction: %s%s%s", whole ? "\"\"" : ".[",
                 whole ? "" : o->column[PROMPT].p, whole ? "" : "]");
    ift_str_adds(out, ", input: ");
    add_text(out, o, QUERY);
    ift_str_adds(out, ", output: ");
    add_answer(out, o);
    ift_str_adds(out, "}");
    if (o->column[HISTORY].n) {
        ift_str_addf(out, "\n+ (if (.[%s] // []) == [] then {} else {messages: ([.[%s][]",
                     o->column[HISTORY].p, o->column[HISTORY].p);
        ift_str_adds(out, " | {role: \"user\", content: (.[0] | text)}, {role: \"assistant\", "
                          "content: (.[1] | text)}]\n  + [{role: \"user\", content: ([");
        add_text(out, o, PROMPT);
        ift_str_adds(out, ", ");
        add_text(out, o, QUERY);
        ift_str_adds(out, "] | map(select(. != \"\")) | join(\"\\n\"))}, {role: \"assistant\", "
                          "content: ");
        add_answer(out, o);
        ift_str_adds(out, "}])} end)");
    }
    if (o->column[SYSTEM].n) {
        ift_str_adds(out, "\n+ (");
        add_text(out, o, SYSTEM);
        ift_str_adds(out, " | if . == \"\" then {} else {system: .} end)");
    }
    add_extras(out, o);
    ift_str_addc(out, '\n');
}

/* if … elif …: a message in our words. */
static void add_roles(struct ift_str *out, const struct info *o) {
    static const struct {
        enum tag tag;
        const char *role;
    } roles[] = {{USER, "user"},
                 {ASSISTANT, "assistant"},
                 {OBSERVATION, "tool"},
                 {FUNCTION, "assistant"}};
    const char *word = "if";
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (!o->tag[roles[i].tag].n) continue;
        ift_str_addf(out, "%s .[%s] == %s then \"%s\"\n    ", word, o->tag[ROLE].p,
                     o->tag[roles[i].tag].p, roles[i].role);
        word = "elif";
    }
    ift_str_addf(out, "else error(\"a message from \" + (.[%s] | tojson)) end", o->tag[ROLE].p);
}

static void add_dialogue(struct ift_str *out, const struct info *o) {
    const char *const list = o->column[MESSAGES].p, *const content = o->tag[CONTENT].p;
    ift_str_addf(out,
                 ".[%s] as $all\n| if ($all | type) != \"array\" then error(\"no list of "
                 "messages\") else . end\n",
                 list);
    if (o->tag[SYSTEM_ROLE].n)
        ift_str_addf(out, "| ($all != [] and $all[0][%s] == %s) as $told\n", o->tag[ROLE].p,
                     o->tag[SYSTEM_ROLE].p);
    else
        ift_str_adds(out, "| false as $told\n");
    ift_str_addf(out, "| (if $told then $all[0][%s] else ", content);
    add_text(out, o, SYSTEM);
    ift_str_adds(out,
                 " end) as $system\n| ([(if $told then $all[1:] else $all end)[]\n  | {role: (");
    add_roles(out, o);
    ift_str_addf(out, "), content: (.[%s] | text)}]", content);
    if (o->ranking) {
        ift_str_adds(out, "\n  + [{role: \"assistant\", content: ");
        add_answer(out, o);
        ift_str_adds(out, "}]");
    }
    ift_str_adds(out,
                 ") as $said\n"
                 "| [$said[] | .role == \"assistant\"] as $turn\n"
                 "| if $turn == [] or ($turn | first) or (($turn | last) | not)\n"
                 "    or ([range(1; $turn | length) | $turn[.] == $turn[. - 1]] | any)\n"
                 "  then error(\"the roles do not take turns\") else . end\n"
                 "| {messages: $said} + (if $system == \"\" then {} else {system: $system} end)");
    add_extras(out, o);
    ift_str_addc(out, '\n');
}

static bool ends_with(const char *s, const char *end) {
    const size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

enum container { JSON, CSV, LINES };

static enum container container_of(const char *file) {
    return ends_with(file, ".csv") ? CSV : ends_with(file, ".txt") ? LINES : JSON;
}

/* Of a folder, that of its first file. */
static int find_container(const char *path, enum container *c, struct ift_err *err) {
    *c = container_of(path);
    if (!ift_subtree_is(path)) return 0;
    char **file;
    size_t n;
    IFT_TRY(ift_subtree_list(path, NULL, &file, &n, err));
    *c = container_of(file[0]);
    for (size_t i = 0; i < n; i++) free(file[i]);
    free(file);
    return 0;
}

static void add_recipe(struct ift_str *out, const struct info *o, const char *name,
                       enum container c) {
    static const char *const read[] =
        {[JSON] = "json", [CSV] = "csv header=yes", [LINES] = "tsv quoting=none"};
    ift_str_addf(out, "# title: %s\n# read: %s\n", name, read[c]);
    if (o->ranking) ift_str_adds(out, "# side: chosen, rejected\n");
    ift_str_adds(out, "def text: if . == null then \"\" else . end;\n");
    if (c == LINES) ift_str_adds(out, "{text: join(\"\\t\")} |\n");
    if (o->column[KTO_TAG].n) ift_str_addf(out, "select(.[%s] != false) |\n", o->column[KTO_TAG].p);
    if (o->dialogues)
        add_dialogue(out, o);
    else
        add_alpaca(out, o);
}

/* ---- the file ---- */

static void add_path(struct ift_str *path, const char *file, const struct ift_str *name) {
    const char *const slash = strrchr(file, '/');
    if (slash && name->p[0] != '/') ift_str_add(path, file, (size_t)(slash - file) + 1);
    ift_str_add(path, name->p, name->n);
}

int ift_dataset_info_read(const char *file, const char *name, const char *given,
                          struct ift_str *recipe, struct ift_str *path, struct ift_err *err) {
    struct ift_str text = {0}, own = {0};
    struct ift_json doc = {0};
    struct info o = {0};
    int rc = ift_in_slurp(file, &text, 1 << 24, err);
    if (rc == 0) {
        rc = ift_json_parse(&doc, text.p, text.n, err);
        const int entry = rc == 0 ? ift_json_get(&doc, 0, name) : -1;
        if (rc == 0 && entry < 0)
            rc = IFT_FAIL(err, "no dataset \"%s\"", name);
        else if (rc == 0) {
            rc = read_entry(&o, &doc, entry, err);
            if (rc == 0 && path) rc = check_place(&o, &doc, entry, err);
            if (rc < 0) ift_fail_in(err, "\"%s\"", name);
        }
        if (rc < 0) ift_fail_in(err, "%s", file);
    }
    if (rc == 0 && o.file.n) add_path(&own, file, &o.file);
    enum container c = JSON;
    if (rc == 0 && (given || own.n)) rc = find_container(given ? given : own.p, &c, err);
    if (rc == 0) add_recipe(recipe, &o, name, c);
    if (rc == 0 && path) ift_str_add(path, own.p, own.n);
    ift_str_release(&own);
    info_release(&o);
    ift_json_release(&doc);
    ift_str_release(&text);
    return rc;
}
