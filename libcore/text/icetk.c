/* What ChatGLM-6B's tokenizer does around its SentencePiece model (tokenization_chatglm.py): the
 * model would lose line breaks, tabs and runs of blanks, so these are spelled as pieces of their
 * own before it, and read back after it. */
#include <stdio.h>
#include <string.h>

#include "libcore/text/tokenizer_internal.h"

enum { LONGEST_BLANK = 80 };

/* Blanks at p, at most as many as one piece stands for. */
static size_t blanks(const char *p, size_t n) {
    size_t i = 0;
    while (i < n && i < LONGEST_BLANK && p[i] == ' ') i++;
    return i;
}

static void spell(struct ift_normal *out, const char *name, size_t from) {
    const size_t at = out->text.n;
    ift_str_adds(&out->text, name);
    ift_normal_map(out, at, from, false);
}

/* Text in front that has none of what is spelled. */
static size_t plain(const char *p, size_t n) {
    size_t i = 0;
    while (i < n && p[i] != '\n' && p[i] != '\t' && !(p[i] == ' ' && i + 1 < n && p[i + 1] == ' '))
        i++;
    return i;
}

void ift_icetk_spell(const char *p, size_t n, struct ift_normal *out) {
    char name[24];
    ift_str_clear(&out->text);
    out->mapped = true;
    for (size_t i = 0, len; i < n; i += len) {
        len = plain(p + i, n - i);
        if (len > 0) {
            const size_t at = out->text.n;
            ift_str_add(&out->text, p + i, len);
            ift_normal_map(out, at, i, true);
        } else if (p[i] == ' ') {
            len = blanks(p + i, n - i);
            snprintf(name, sizeof name, "<|blank_%zu|>", len);
            spell(out, name, i);
        } else {
            spell(out, p[i] == '\n' ? "<n>" : "<|tab|>", i);
            len = 1;
        }
    }
    if (n > 0) out->map[out->text.n] = (uint32_t)n; /* there is room: ift_normal_map makes it */
}

/* What a piece at p, of a text that ends, stands for: its length, or 0. */
static size_t spelled(const char *p, char *as, size_t *times) {
    *times = 1;
    if (strncmp(p, "<n>", 3) == 0) {
        *as = '\n';
        return 3;
    }
    if (strncmp(p, "<|tab|>", 7) == 0) {
        *as = '\t';
        return 7;
    }
    if (strncmp(p, "<|blank_", 8) != 0) return 0;
    const char *q = p + 8;
    if (*q == '0') return 0;
    for (*times = 0; *q >= '0' && *q <= '9' && *times <= LONGEST_BLANK; q++)
        *times = 10 * *times + (size_t)(*q - '0');
    *as = ' ';
    const bool known = *times >= 2 && *times <= LONGEST_BLANK && q[0] == '|' && q[1] == '>';
    return known ? (size_t)(q + 2 - p) : 0;
}

void ift_icetk_read(struct ift_str *out, size_t from) {
    const char *const open = out->n > from ? memchr(out->p + from, '<', out->n - from) : NULL;
    if (!open) return;
    from = (size_t)(open - out->p);
    struct ift_str text = {0};
    ift_str_add(&text, open, out->n - from);
    out->n = from;
    char as;
    for (size_t i = 0, len, times; i < text.n; i += len) {
        len = spelled(text.p + i, &as, &times);
        for (size_t k = 0; len > 0 && k < times; k++) ift_str_addc(out, as);
        if (len > 0) continue;
        const char *const next = memchr(text.p + i + 1, '<', text.n - i - 1);
        len = next ? (size_t)(next - text.p) - i : text.n - i;
        ift_str_add(out, text.p + i, len);
    }
    ift_str_release(&text);
}
