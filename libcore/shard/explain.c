#include "libcore/shard/explain.h"

#include <stdio.h>

#include "libcore/io/utf8.h"

/* Quoted as in JSON; bytes that belong to no character as \xe4. */
static void quote(struct ift_str *out, struct ift_slice s) {
    ift_str_addc(out, '"');
    for (size_t i = 0, len; i < s.n; i += len) {
        uint32_t code;
        const unsigned char c = (unsigned char)s.p[i];
        len = ift_utf8_decode(s.p + i, s.n - i, &code);
        if (len == 0) {
            ift_str_addf(out, "\\x%02x", c);
            len = 1;
        } else if (c == '"' || c == '\\') {
            ift_str_addf(out, "\\%c", c);
        } else if (c == '\n' || c == '\t' || c == '\r') {
            ift_str_addf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        } else if (c < 0x20 || c == 0x7f) {
            ift_str_addf(out, "\\u%04x", c);
        } else {
            ift_str_add(out, s.p + i, len);
        }
    }
    ift_str_addc(out, '"');
}

void ift_explain(struct ift_str *out, const struct ift_tokenizer *t, const char *where,
                 const struct ift_row *row, const uint32_t *from, bool color) {
    ift_str_addf(out, "%s: %zu tokens, %zu learned\n", where, row->n, ift_row_learned(row));
    for (size_t i = 0; i < row->n; i++) {
        bool control;
        const struct ift_slice piece = ift_tokenizer_piece(t, (uint32_t)row->id[i], &control);
        const char *const shade = !color          ? ""
                                  : row->learn[i] ? "\033[32m"
                                  : control       ? "\033[33m"
                                                  : "";
        char place[32];
        snprintf(place, sizeof place, "%u-%u", from[i], from[i + 1]);
        ift_str_addf(out, "%6zu %7d %11s  %c ", i, row->id[i], place, row->learn[i] ? '+' : ' ');
        ift_str_adds(out, shade);
        if (control)
            ift_str_add(out, piece.p, piece.n);
        else
            quote(out, piece);
        ift_str_adds(out, *shade ? "\033[0m\n" : "\n");
    }
}
