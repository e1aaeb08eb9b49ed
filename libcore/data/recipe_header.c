#include "libcore/data/recipe_header.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/recode.h"

const char *const ift_recipe_keys[] = {
    "title",   "lang",  "task", "gen",     "type", "source", "licence",
    "records", "turns", "side", "answers", "read", "join",   NULL,
};

static int key_index(struct ift_slice key) {
    for (int i = 0; ift_recipe_keys[i]; i++) {
        if (ift_slice_is(key, ift_recipe_keys[i])) return i;
    }
    return -1;
}

/* Takes what stands before the first `by` out of *rest, or all of it. */
static struct ift_slice cut(struct ift_slice *rest, char by) {
    const char *const at = rest->n ? memchr(rest->p, by, rest->n) : NULL;
    const struct ift_slice head = {rest->p, at ? (size_t)(at - rest->p) : rest->n};
    const size_t used = head.n + (at != NULL);
    *rest = (struct ift_slice){rest->p + used, rest->n - used};
    return head;
}

static struct ift_slice trim(struct ift_slice s) {
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = (struct ift_slice){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) s.n--;
    return s;
}

static struct ift_slice unquote(struct ift_slice s) {
    const bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return quoted ? (struct ift_slice){s.p + 1, s.n - 2} : s;
}

static void add_fields(struct ift_recipe_read *read, struct ift_slice names) {
    read->columns = IFT_RECIPE_FIELDS;
    size_t cap = 0;
    while (names.n) {
        const struct ift_slice name = cut(&names, ',');
        read->field = ift_grow(read->field, read->nfields + 1, &cap, sizeof *read->field);
        read->field[read->nfields++] = ift_strndup(name.p, name.n);
    }
}

/* One word of `read:` behind the container. False: it says nothing. */
static bool read_option(struct ift_recipe_read *read, struct ift_slice word) {
    struct ift_slice value = word;
    const struct ift_slice key = cut(&value, '=');
    value = unquote(value);
    if (value.n && !read->encoding && ift_slice_is(key, "encoding")) {
        read->encoding = ift_strndup(value.p, value.n);
        return true;
    }
    const bool json = read->container == IFT_RECIPE_JSON || read->container == IFT_RECIPE_JSONL;
    if (json && value.n && ift_slice_is(key, "group")) {
        free(read->group);
        read->group = ift_strndup(value.p, value.n);
        return true;
    }
    if (read->container != IFT_RECIPE_ROWS || !value.n) return false;
    if (ift_slice_is(key, "quoting")) {
        read->csv.quoting = ift_slice_is(value, "python");
        return read->csv.quoting || ift_slice_is(value, "none");
    }
    if (ift_slice_is(key, "delimiter")) {
        read->csv.delimiter = value.p[0];
        return value.n == 1 && !(value.p[0] & 0x80) && value.p[0] != '"';
    }
    if (read->columns != IFT_RECIPE_UNNAMED) return false;
    if (ift_slice_is(key, "header")) {
        read->columns = ift_slice_is(value, "yes")    ? IFT_RECIPE_HEADER
                        : ift_slice_is(value, "skip") ? IFT_RECIPE_SKIP
                                                      : IFT_RECIPE_UNNAMED;
        return read->columns != IFT_RECIPE_UNNAMED || ift_slice_is(value, "no");
    }
    if (!ift_slice_is(key, "fields")) return false;
    add_fields(read, value);
    return true;
}

/* Takes the next word out of *rest; blanks in quotes are part of it. */
static struct ift_slice cut_word(struct ift_slice *rest) {
    size_t n = 0;
    for (bool quoted = false; n < rest->n && (quoted || rest->p[n] != ' '); n++)
        quoted ^= rest->p[n] == '"';
    const struct ift_slice word = {rest->p, n};
    const size_t used = n + (n < rest->n);
    *rest = (struct ift_slice){rest->p + used, rest->n - used};
    return word;
}

static int parse_container(struct ift_recipe_read *read, struct ift_slice *words,
                           struct ift_err *err) {
    const struct ift_slice container = cut_word(words);
    if (ift_slice_is(container, "json") || ift_slice_is(container, "jsonl")) {
        read->container = ift_slice_is(container, "json") ? IFT_RECIPE_JSON : IFT_RECIPE_JSONL;
    } else if (ift_slice_is(container, "object")) {
        read->container = IFT_RECIPE_OBJECT;
    } else if (ift_slice_is(container, "yaml")) {
        read->container = IFT_RECIPE_YAML;
    } else if (ift_slice_is(container, "paragraphs")) {
        read->container = IFT_RECIPE_PARAGRAPHS;
    } else if (ift_slice_is(container, "csv") || ift_slice_is(container, "tsv")) {
        const bool csv = ift_slice_is(container, "csv");
        read->container = IFT_RECIPE_ROWS;
        read->csv = (struct ift_csv_dialect){csv ? ',' : '\t', csv};
    } else {
        return IFT_FAIL(
            err,
            "no container '%.*s'; known are json, jsonl, object, yaml, paragraphs, csv and tsv",
            (int)container.n, container.p);
    }
    return 0;
}

static int check_read(const struct ift_recipe_read *read, struct ift_err *err) {
    return read->encoding ? ift_recode_check(read->encoding, err) : 0;
}

static int parse_read(struct ift_recipe_read *read, struct ift_slice words, struct ift_err *err) {
    IFT_TRY(parse_container(read, &words, err));
    while (words.n) {
        const struct ift_slice word = cut_word(&words);
        if (word.n && !read_option(read, word))
            return IFT_FAIL(err, "cannot use '%.*s'", (int)word.n, word.p);
    }
    return check_read(read, err);
}

/* A word of `join:` that is none of `read:`. */
static bool join_option(struct ift_recipe_join *join, struct ift_slice word) {
    struct ift_slice value = word;
    const struct ift_slice key = cut(&value, '=');
    char **const to = ift_slice_is(key, "on")        ? &join->on
                      : ift_slice_is(key, "as")      ? &join->as
                      : ift_slice_is(key, "key")     ? &join->key
                      : ift_slice_is(key, "files")   ? &join->files
                      : ift_slice_is(key, "through") ? &join->through
                                                     : NULL;
    value = unquote(value);
    if (ift_slice_is(key, "slash") && value.n == 1) return (join->slash = value.p[0]) != 0;
    if (!to || *to || value.n == 0) return false;
    *to = ift_strndup(value.p, value.n);
    return true;
}

static int parse_join(struct ift_recipe_join *join, struct ift_slice words, struct ift_err *err) {
    IFT_TRY(parse_container(&join->read, &words, err));
    while (words.n) {
        const struct ift_slice word = cut_word(&words);
        if (word.n && !join_option(join, word) && !read_option(&join->read, word))
            return IFT_FAIL(err, "cannot use '%.*s'", (int)word.n, word.p);
    }
    if (!join->on || !join->as || !join->key == !join->files || (join->slash && join->key))
        return IFT_FAIL(err, "needs on=, as= and either key= or files=");
    return check_read(&join->read, err);
}

/* One line of the header, without its '#'. */
static int parse_line(struct ift_recipe_header *h, struct ift_slice line, struct ift_err *err) {
    struct ift_slice value = line;
    if (!line.n || line.p[0] != ' ') return 0;
    const struct ift_slice key = trim(cut(&value, ':'));
    if (key.n == 0 || key.n + 1 >= line.n) return 0; /* no colon */
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] < 'a' || key.p[i] > 'z') return 0;
    }
    const int k = key_index(key);
    if (k < 0)
        return IFT_FAIL(err, "no header key '%.*s'; a comment may not start like one", (int)key.n,
                        key.p);
    if (h->value[k]) return IFT_FAIL(err, "header key '%s' comes twice", ift_recipe_keys[k]);
    value = trim(value);
    h->value[k] = ift_strndup(value.p, value.n);
    if (ift_slice_is(key, "read") && parse_read(&h->read, value, err) < 0)
        return ift_fail_in(err, "read");
    if (ift_slice_is(key, "join") && parse_join(&h->join, value, err) < 0)
        return ift_fail_in(err, "join");
    return 0;
}

int ift_recipe_header_parse(struct ift_recipe_header *h, const char *name, struct ift_slice text,
                            struct ift_err *err) {
    for (size_t number = 1; text.n; number++) {
        const struct ift_slice line = cut(&text, '\n');
        if (!line.n || line.p[0] != '#') break;
        if (parse_line(h, (struct ift_slice){line.p + 1, line.n - 1}, err) < 0) {
            return ift_fail_in(err, "%s:%zu", name, number);
        }
    }
    return 0;
}

static void read_release(struct ift_recipe_read *read) {
    for (size_t i = 0; i < read->nfields; i++) free(read->field[i]);
    free(read->field);
    free(read->group);
    free(read->encoding);
}

void ift_recipe_header_release(struct ift_recipe_header *h) {
    for (int i = 0; i < IFT_RECIPE_NKEYS; i++) free(h->value[i]);
    read_release(&h->read);
    read_release(&h->join.read);
    free(h->join.on);
    free(h->join.as);
    free(h->join.key);
    free(h->join.files);
    free(h->join.through);
    *h = (struct ift_recipe_header){0};
}
