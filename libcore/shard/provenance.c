#include "libcore/shard/provenance.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/hash.h"
#include "libcore/base/version.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"

/* How many words of argv[i...] say something that changes no byte of what is made: 0, 1 or, with a
 * value of its own, 2. */
static int words_to_skip(const char *word) {
    static const char *const valued[] = {"-j", "--jobs", "-o", "--output"},
                             *const flag[] = {"-q", "--quiet", "-v", "--verbose"};
    for (size_t i = 0; i < 4; i++) {
        const size_t n = strlen(valued[i]);
        if (strcmp(word, flag[i]) == 0) return 1;
        if (strncmp(word, valued[i], n) != 0) continue;
        if (word[n] == '\0') return 2;
        if (i % 2 == 0 || word[n] == '=') return 1; /* -j8, --jobs=8 */
    }
    return 0;
}

static void add_argv(struct ift_str *out, const struct ift_run *run) {
    bool first = true, operands = false;
    for (int i = 1; i < run->argc; i++) {
        const int skip = operands ? 0 : words_to_skip(run->argv[i]);
        operands = operands || strcmp(run->argv[i], "--") == 0;
        if (skip > 0) {
            i += skip - 1;
            continue;
        }
        if (!first) ift_str_addc(out, ',');
        first = false;
        ift_json_quote(out, run->argv[i], strlen(run->argv[i]));
    }
}

static void add_input(struct ift_str *out, const char *path) {
    struct stat st;
    struct ift_err err;
    uint64_t hash;
    char digest[IFT_DIGEST] = "-";
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && ift_hash_file(path, &hash, &err) == 0)
        ift_digest_text(hash, digest);
    ift_json_quote(out, digest, strlen(digest));
}

void ift_provenance_add(struct ift_str *out, const char *before, const struct ift_run *run) {
    const size_t n = before ? strlen(before) : 0;
    const bool any = n > 2;
    ift_str_add(out, any ? before : "[", any ? n - 1 : 1); /* without its closing bracket */
    if (any) ift_str_addc(out, ',');
    ift_str_adds(out, "{\"tool\":");
    ift_json_quote(out, run->tool->name, strlen(run->tool->name));
    ift_str_adds(out, ",\"version\":");
    ift_json_quote(out, ift_version + strlen("ift "), strlen(ift_version) - strlen("ift "));
    ift_str_adds(out, ",\"argv\":[");
    add_argv(out, run);
    ift_str_addc(out, ']');
    if (run->tool->common & IFT_TAKES_SEED) ift_str_addf(out, ",\"seed\":%" PRIu64, run->seed);
    if (run->tool->common & IFT_TAKES_INPUT) {
        ift_str_adds(out, ",\"inputs\":[");
        if (run->noperands == 0) ift_str_adds(out, "\"-\"");
        for (size_t i = 0; i < run->noperands; i++) {
            if (i > 0) ift_str_addc(out, ',');
            add_input(out, run->operand[i]);
        }
        ift_str_addc(out, ']');
    }
    ift_str_adds(out, "}]");
}

/* Appends the steps in DIR/provenance.json, if there is one, to the array that `all` begins. */
static int add_steps(struct ift_str *all, const char *dir, struct ift_err *err) {
    struct ift_str path = {0}, text = {0};
    struct ift_json doc = {0};
    ift_str_addf(&path, "%s/provenance.json", dir);
    int rc = access(path.p, F_OK) != 0 ? 0 : ift_in_slurp(path.p, &text, 0, err);
    if (rc == 0 && text.n && ift_json_parse(&doc, text.p, text.n, err) < 0)
        rc = ift_fail_in(err, "%s", path.p);
    const bool any = rc == 0 && doc.n && ift_json_is(&doc, 0, IFT_JSON_ARRAY);
    for (int v = any ? ift_json_first(&doc, 0) : -1; v >= 0; v = ift_json_next(&doc, 0, v)) {
        ift_str_adds(all, all->n > 1 ? "," : "");
        ift_json_copy(all, &doc, v);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&path);
    return rc;
}

int ift_provenance_gather(struct ift_str *out, const char *const *dir, size_t n,
                          const struct ift_run *run, struct ift_err *err) {
    struct ift_str before = {0};
    ift_str_addc(&before, '[');
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) rc = add_steps(&before, dir[i], err);
    ift_str_addc(&before, ']');
    ift_provenance_add(out, before.p, run);
    ift_str_release(&before);
    return rc;
}
