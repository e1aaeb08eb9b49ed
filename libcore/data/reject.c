#include "libcore/data/reject.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"

struct ift_rejects {
    const struct ift_run *run;
    struct ift_out *out; /* NULL: standard error */
    uint64_t n;
};

int ift_rejects_open(struct ift_rejects **r, const struct ift_run *run, struct ift_err *err) {
    *r = NULL;
    if (!run->may_reject) return 0;
    struct ift_out *out = NULL;
    if (run->common.rejects) IFT_TRY(ift_out_open(&out, run->common.rejects, err));
    *r = ift_alloc0(1, sizeof **r);
    **r = (struct ift_rejects){.run = run, .out = out};
    return 0;
}

int ift_rejects_close(struct ift_rejects *r, struct ift_err *err) {
    if (!r) return 0;
    struct ift_out *const out = r->out;
    free(r);
    return out ? ift_out_close(out, err) : 0;
}

static void add_base64(struct ift_str *out, const char *p, size_t n) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        const unsigned a = (unsigned char)p[i], b = left > 1 ? (unsigned char)p[i + 1] : 0,
                       c = left > 2 ? (unsigned char)p[i + 2] : 0;
        const unsigned x = a << 16 | b << 8 | c;
        ift_str_addc(out, digit[x >> 18]);
        ift_str_addc(out, digit[x >> 12 & 63]);
        ift_str_addc(out, left > 1 ? digit[x >> 6 & 63] : '=');
        ift_str_addc(out, left > 2 ? digit[x & 63] : '=');
    }
}

/* Names and messages may quote bytes of the input: what is not UTF-8 becomes U+FFFD, for the line
 * must be JSON. */
static void quote_lossy(struct ift_str *out, const char *text) {
    size_t n = strlen(text);
    ift_str_addc(out, '"');
    while (n) {
        const size_t good = ift_utf8_check(text, n);
        ift_json_escape(out, text, good);
        if (good < n) ift_str_adds(out, "\xef\xbf\xbd");
        text += good + (good < n);
        n -= good + (good < n);
    }
    ift_str_addc(out, '"');
}

void ift_reject_add(const struct ift_rejects *r, struct ift_reject_list *list,
                    const struct ift_item *item, const char *reason) {
    struct ift_str *const to = &list->lines;
    list->n++;
    if (!r->out) {
        struct ift_err place = {0};
        ift_fail(&place, "%s", reason);
        ift_item_fail(item, &place);
        ift_str_addf(to, "rejected %s\n", place.text);
        return;
    }
    ift_str_adds(to, "{\"file\":");
    quote_lossy(to, item->file);
    if (item->row)
        ift_str_addf(to, ",\"row\":%zu", item->row);
    else if (item->line)
        ift_str_addf(to, ",\"line\":%zu", item->line);
    if (item->element) ift_str_addf(to, ",\"element\":%zu", item->element);
    ift_str_adds(to, ",\"reason\":");
    quote_lossy(to, reason);
    if (ift_utf8_check(item->text.p, item->text.n) == item->text.n) {
        ift_str_adds(to, ",\"raw\":");
        ift_json_quote(to, item->text.p, item->text.n);
    } else {
        ift_str_adds(to, ",\"raw_base64\":\"");
        add_base64(to, item->text.p, item->text.n);
        ift_str_addc(to, '"');
    }
    ift_str_adds(to, "}\n");
}

void ift_reject_list_clear(struct ift_reject_list *list) {
    ift_str_clear(&list->lines);
    list->n = 0;
}

void ift_reject_list_release(struct ift_reject_list *list) {
    ift_str_release(&list->lines);
    list->n = 0;
}

int ift_rejects_write(struct ift_rejects *r, const struct ift_reject_list *list,
                      struct ift_err *err) {
    if (!list->n) return 0;
    r->n += list->n;
    const struct ift_slice text = ift_str_slice(&list->lines);
    if (r->out) {
        IFT_TRY(ift_out_write(r->out, text.p, text.n, err));
    } else {
        for (const char *p = text.p, *nl; p < text.p + text.n; p = nl + 1) {
            nl = memchr(p, '\n', (size_t)(text.p + text.n - p));
            ift_note(r->run, "%.*s", (int)(nl - p), p);
        }
    }
    if (r->n <= r->run->may_reject) return 0;
    return IFT_FAIL(err, "%" PRIu64 " records rejected, more than --keep-going=%" PRIu64 " allows",
                    r->n, r->run->may_reject);
}
