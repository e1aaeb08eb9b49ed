/* json_escape.c: what escapes stand for. */
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/json_scan.h"
#include "libcore/io/utf8.h"

int ift_json_hex4(const char *p, const char *end) {
    if (end - p < 4) return -1;
    int x = 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return -1;
        x = x * 16 + digit;
    }
    return x;
}

size_t ift_json_escape_text(const char **p, char out[4]) {
    const char c = (*p)[1];
    if (c != 'u') {
        *p += 2;
        switch (c) {
        case 'b':
            out[0] = '\b';
            break;
        case 'f':
            out[0] = '\f';
            break;
        case 'n':
            out[0] = '\n';
            break;
        case 'r':
            out[0] = '\r';
            break;
        case 't':
            out[0] = '\t';
            break;
        default:
            out[0] = c;
            break;
        }
        return 1;
    }
    uint32_t code = (uint32_t)ift_json_hex4(*p + 2, *p + 6);
    *p += 6;
    if (code >= 0xd800 && code <= 0xdbff) {
        code =
            0x10000 + ((code - 0xd800) << 10) + ((uint32_t)ift_json_hex4(*p + 2, *p + 6) - 0xdc00);
        *p += 6;
    }
    return ift_utf8_encode(code, out);
}

size_t ift_json_unescape_to(char *to, const char *p, size_t n) {
    const char *const start = to, *const end = p + n;
    while (p < end) {
        const char *const slash = memchr(p, '\\', (size_t)(end - p));
        const size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(to, p, plain);
        to += plain;
        for (p += plain; p < end && *p == '\\';) to += ift_json_escape_text(&p, to);
    }
    return (size_t)(to - start);
}

void ift_json_unescape(struct ift_str *out, const char *p, size_t n) {
    char *const to = ift_str_reserve(out, n);
    const size_t len = ift_json_unescape_to(to, p, n);
    to[len] = '\0';
    out->n += len;
}

void ift_json_text(const struct ift_json *doc, int node, struct ift_str *out) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    if (doc->node[node].escaped) {
        ift_json_unescape(out, raw.p + 1, raw.n - 2);
    } else {
        ift_str_add(out, raw.p + 1, raw.n - 2);
    }
}
