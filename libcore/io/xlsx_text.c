#include "libcore/io/xlsx_text.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"

void ift_xlsx_text_start(struct ift_xlsx_text *t, const char *name) {
    if (strcmp(name, "t") == 0) t->in_text = true;
    if (strcmp(name, "rPh") == 0) t->in_reading++;
}

void ift_xlsx_text_end(struct ift_xlsx_text *t, const char *name) {
    if (strcmp(name, "t") == 0) t->in_text = false;
    if (strcmp(name, "rPh") == 0) t->in_reading--;
}

bool ift_xlsx_text_on(const struct ift_xlsx_text *t) {
    return t->in_text && !t->in_reading;
}

/* The character of `_x000D_`; 0: it is not that, or one that text cannot have. */
static uint32_t escaped(const char *p, size_t n) {
    uint32_t code = 0;
    if (n < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_') return 0;
    for (int i = 2; i < 6; i++) {
        const char c = p[i] >= 'a' ? (char)(p[i] - 'a' + 'A') : p[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'A' || c > 'F')) return 0;
        code = code << 4 | (uint32_t)(digit ? c - '0' : c - 'A' + 10);
    }
    return code >= 0xd800 && code < 0xe000 ? 0 : code;
}

void ift_xlsx_text_unescape(struct ift_str *out, size_t from) {
    size_t to = from;
    for (size_t i = from; i < out->n;) {
        const uint32_t code = escaped(out->p + i, out->n - i);
        if (code == 0) {
            out->p[to++] = out->p[i++];
            continue;
        }
        to += ift_utf8_encode(code, out->p + to); /* at most three bytes for seven */
        i += 7;
    }
    out->n = to;
}

/* ---- shared strings ---- */

static void start(void *ctx, struct ift_xlsx_part *p, const char *name, const char **attr) {
    struct ift_xlsx_shared *const s = ctx;
    (void)p, (void)attr;
    ift_xlsx_text_start(&s->at, name);
}

static void text(void *ctx, struct ift_xlsx_part *p, const char *piece, int n) {
    static const size_t most = (size_t)1 << 30;
    struct ift_xlsx_shared *const s = ctx;
    if (!ift_xlsx_text_on(&s->at)) return;
    if (s->text.n + (size_t)n > most)
        ift_xlsx_part_fail(p, "more than %zu bytes of shared strings", most);
    else
        ift_str_add(&s->text, piece, (size_t)n);
}

static void end(void *ctx, struct ift_xlsx_part *p, const char *name) {
    struct ift_xlsx_shared *const s = ctx;
    (void)p;
    ift_xlsx_text_end(&s->at, name);
    if (strcmp(name, "si") != 0) return;
    ift_xlsx_text_unescape(&s->text, s->n ? s->end[s->n - 1] : 0);
    s->end = ift_grow(s->end, s->n + 1, &s->cap, sizeof *s->end);
    s->end[s->n++] = s->text.n;
}

const struct ift_xlsx_events ift_xlsx_shared_events = {start, end, text};

bool ift_xlsx_shared_get(const struct ift_xlsx_shared *s, size_t i, struct ift_slice *string) {
    if (i >= s->n) return false;
    const size_t from = i ? s->end[i - 1] : 0;
    *string = (struct ift_slice){s->text.p + from, s->end[i] - from};
    return true;
}

void ift_xlsx_shared_release(struct ift_xlsx_shared *s) {
    ift_str_release(&s->text);
    free(s->end);
    *s = (struct ift_xlsx_shared){0};
}
