/* What the parser accepts is the same after it was written canonically, and the splitter finds it
 * whole, however the input is cut into blocks. */
#include <stdlib.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void same(bool ok) {
    if (!ok) abort();
}

/* The one value of a text that starts with a bracket, found in blocks of `step` bytes. */
static void check_split(const char *text, size_t n, size_t step) {
    struct ift_json_splitter *const s = ift_json_splitter_new(IFT_JSON_LINES);
    struct ift_slice value;
    size_t line, used = 0, values = 0;
    int got;
    bool finished = false;
    char *block = NULL;
    while ((got = ift_json_splitter_next(s, &value, &line, NULL)) >= 0) {
        if (got > 0) {
            same(value.n <= n && memcmp(value.p, text, value.n) == 0);
            values++;
        } else if (finished) {
            break;
        } else if (used == n) {
            finished = true;
            same(ift_json_splitter_finish(s, NULL) == 0);
        } else {
            const size_t take = n - used < step ? n - used : step;
            free(block);
            block = malloc(take);
            memcpy(block, text + used, take);
            used += take;
            ift_json_splitter_push(s, block, take);
        }
    }
    same(got == 0 && values == 1);
    free(block);
    ift_json_splitter_free(s);
}

/* Whether each line goes on plainly: not where it might be the whole value. */
static bool is_laid_out(const char *text, size_t n) {
    char last = text[0];
    for (size_t i = 1; i < n; i++) {
        if (text[i] == '\n' && (last == '}' || last == ']')) return false;
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') last = text[i];
    }
    return true;
}

/* Any input, valid or not, in both layouts: no crash, and it ends. */
static void run_split(const char *text, size_t n, enum ift_json_layout layout) {
    struct ift_json_splitter *const s = ift_json_splitter_new(layout);
    struct ift_slice value;
    size_t line, total = 0;
    int got;
    if (n) ift_json_splitter_push(s, text, n);
    while ((got = ift_json_splitter_next(s, &value, &line, NULL)) > 0) total += value.n;
    if (got == 0 && ift_json_splitter_finish(s, NULL) == 0) {
        while ((got = ift_json_splitter_next(s, &value, &line, NULL)) > 0) total += value.n;
    }
    same(total <= n);
    ift_json_splitter_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    char *const text = malloc(n ? n : 1); /* an exact copy: reading past it is seen */
    if (n) memcpy(text, data, n);
    struct ift_json doc = {0}, again = {0};
    struct ift_str out = {0}, twice = {0};
    struct ift_err err = {0};
    run_split(text, n, IFT_JSON_AUTO);
    run_split(text, n, IFT_JSON_LINES);
    if (ift_json_parse(&doc, text, n, &err) == 0) {
        same(ift_utf8_check(text, n) == n && doc.n > 0 && doc.node[0].end == doc.n);
        ift_json_copy(&out, &doc, 0);
        same(ift_utf8_check(out.p, out.n) == out.n && !memchr(out.p, '\n', out.n));
        same(ift_json_parse(&again, out.p, out.n, &err) == 0);
        ift_json_copy(&twice, &again, 0);
        same(ift_slice_eq(ift_str_slice(&out), ift_str_slice(&twice)));
        if (text[0] == '{' && is_laid_out(text, n)) check_split(text, n, 1 + n % 7);
    }
    ift_json_release(&doc);
    ift_json_release(&again);
    ift_str_release(&out);
    ift_str_release(&twice);
    free(text);
    return 0;
}
