#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/yaml.h"

enum kind { STRING, NUL, BOOL, INT, FLOAT, NO_NUMBER };

static bool is_any(struct ift_slice s, const char *const *words) {
    for (; *words; words++) {
        if (ift_slice_is(s, *words)) return true;
    }
    return false;
}

static size_t digits(const char *p, const char *end) {
    size_t n = 0;
    while (p + n < end && p[n] >= '0' && p[n] <= '9') n++;
    return n;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static enum kind kind_of_number(struct ift_slice s) {
    const char *p = s.p, *const end = p + s.n;
    p += p < end && (*p == '-' || *p == '+');
    const size_t whole = digits(p, end);
    p += whole;
    if (p == end) return whole ? INT : STRING;
    if (whole == 0 && *p != '.') return STRING;
    if (*p == '.') {
        const size_t part = digits(p + 1, end);
        if (whole + part == 0) return STRING;
        p += 1 + part;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        const size_t n = digits(p, end);
        if (n == 0) return STRING;
        p += n;
    }
    return p == end ? FLOAT : STRING;
}

static bool is_based(struct ift_slice s, const char *prefix, const char *set) {
    if (s.n < 3 || memcmp(s.p, prefix, 2) != 0) return false;
    for (size_t i = 2; i < s.n; i++) {
        if (!strchr(set, s.p[i]) || s.p[i] == '\0') return false;
    }
    return true;
}

static enum kind kind_of(struct ift_slice s) {
    static const char *const nul[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const truth[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    static const char *const none[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                       "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    if (is_any(s, nul)) return NUL;
    if (is_any(s, truth)) return BOOL;
    if (is_any(s, none)) return NO_NUMBER;
    if (is_based(s, "0o", "01234567") || is_based(s, "0x", "0123456789abcdefABCDEF")) return INT;
    return kind_of_number(s);
}

static int add_based(struct ift_str *json, struct ift_slice s, struct ift_err *err) {
    char text[80];
    if (s.n < sizeof text) {
        memcpy(text, s.p, s.n);
        text[s.n] = '\0';
        errno = 0;
        const unsigned long long value = strtoull(text + 2, NULL, s.p[1] == 'x' ? 16 : 8);
        if (errno == 0) {
            ift_str_addf(json, "%llu", value);
            return 0;
        }
    }
    return IFT_FAIL(err, "%.*s is more than 64 bits", (int)(s.n < 80 ? s.n : 80), s.p);
}

/* As JSON writes numbers: no plus, no zeros in front, digits on both sides of the point. */
static void add_decimal(struct ift_str *json, struct ift_slice s) {
    const char *p = s.p, *const end = p + s.n;
    if (*p == '-') ift_str_addc(json, '-');
    p += *p == '-' || *p == '+';
    while (end - p > 1 && *p == '0' && p[1] >= '0' && p[1] <= '9') p++;
    if (*p == '.') ift_str_addc(json, '0');
    const size_t whole = digits(p, end);
    ift_str_add(json, p, whole);
    p += whole;
    if (p < end && *p == '.') {
        const size_t part = digits(p + 1, end);
        ift_str_add(json, p, 1 + part);
        if (part == 0) ift_str_addc(json, '0');
        p += 1 + part;
    }
    ift_str_add(json, p, (size_t)(end - p));
}

static int add_as(struct ift_str *json, enum kind kind, struct ift_slice s, struct ift_err *err) {
    switch (kind) {
    case NUL:
        ift_str_adds(json, "null");
        return 0;
    case BOOL:
        ift_str_adds(json, s.p[0] == 't' || s.p[0] == 'T' ? "true" : "false");
        return 0;
    case NO_NUMBER:
        return IFT_FAIL(err, "%.*s is no number that JSON has", (int)s.n, s.p);
    case INT:
        if (s.n > 2 && (s.p[1] == 'x' || s.p[1] == 'o')) return add_based(json, s, err);
        add_decimal(json, s);
        return 0;
    case FLOAT:
        add_decimal(json, s);
        return 0;
    case STRING:
        break;
    }
    ift_json_quote(json, s.p, s.n);
    return 0;
}

int ift_yaml_scalar(struct ift_str *json, struct ift_slice text, bool plain, const char *tag,
                    struct ift_err *err) {
    static const struct {
        const char *tag;
        enum kind kind;
    } tags[] = {{"tag:yaml.org,2002:str", STRING},  {"tag:yaml.org,2002:null", NUL},
                {"tag:yaml.org,2002:bool", BOOL},   {"tag:yaml.org,2002:int", INT},
                {"tag:yaml.org,2002:float", FLOAT}, {"!", STRING}};
    if (!tag) return add_as(json, plain ? kind_of(text) : STRING, text, err);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (strcmp(tag, tags[i].tag) != 0) continue;
        const enum kind want = tags[i].kind;
        if (want == STRING) return add_as(json, STRING, text, err);
        const enum kind is = kind_of(text);
        if (is == want || (want == FLOAT && (is == INT || is == NO_NUMBER)))
            return add_as(json, is, text, err);
        return IFT_FAIL(err, "\"%.*s\" is not what its tag says", (int)(text.n < 80 ? text.n : 80),
                        text.p);
    }
    return IFT_FAIL(err, "the tag %s means nothing in JSON", tag);
}
