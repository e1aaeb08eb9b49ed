/* json_look.c: values and strings of a parsed text, found and compared. */
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/json_scan.h"

bool ift_json_is(const struct ift_json *doc, int node, enum ift_json_type type) {
    return node >= 0 && doc->node[node].type == type;
}

struct ift_slice ift_json_raw(const struct ift_json *doc, int node) {
    const struct ift_json_node *n = &doc->node[node];
    return (struct ift_slice){doc->text + n->from, n->to - n->from};
}

int ift_json_first(const struct ift_json *doc, int container) {
    if (container < 0 || doc->node[container].type < IFT_JSON_ARRAY) return -1;
    return doc->node[container].count ? container + 1 : -1;
}

int ift_json_next(const struct ift_json *doc, int container, int node) {
    const uint32_t next = doc->node[node].end;
    return next < doc->node[container].end ? (int)next : -1;
}

int ift_json_get(const struct ift_json *doc, int object, const char *key) {
    if (!ift_json_is(doc, object, IFT_JSON_OBJECT)) return -1;
    const struct ift_slice name = ift_slice(key);
    int found = -1;
    for (int k = ift_json_first(doc, object); k >= 0;) {
        const int v = k + 1;
        if (ift_json_slice_is(doc, k, name)) found = v;
        k = ift_json_next(doc, object, v);
    }
    return found;
}

int ift_json_at(const struct ift_json *doc, int array, size_t i) {
    if (!ift_json_is(doc, array, IFT_JSON_ARRAY) || i >= doc->node[array].count) return -1;
    int v = array + 1;
    while (i-- > 0) v = (int)doc->node[v].end;
    return v;
}

bool ift_json_escaped_is(const struct ift_json *doc, int node, struct ift_slice text) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    const char *p = raw.p + 1, *const end = raw.p + raw.n - 1;
    size_t i = 0;
    while (p < end) {
        char piece[4];
        size_t n = 1;
        if (*p == '\\') {
            n = ift_json_escape_text(&p, piece);
        } else {
            piece[0] = *p++;
        }
        if (text.n - i < n || memcmp(text.p + i, piece, n) != 0) return false;
        i += n;
    }
    return i == text.n;
}

bool ift_json_text_is(const struct ift_json *doc, int node, const char *text) {
    return ift_json_slice_is(doc, node, ift_slice(text));
}
