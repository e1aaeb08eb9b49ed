/* fuzz_jinja.c: any bytes are a template that renders within its bounds, or is refused with a
 * message, and every origin is one that a value had. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char messages[] = "[{\"role\":\"user\",\"content\":\" \\u00e9 "
                                   "a\\n\"},{\"role\":\"assistant\",\"content\":\"b\","
                                   "\"tool_calls\":[{\"n\":[1,2.5,null,true]}]}]";
    struct ift_err err = {0};
    struct ift_jinja *j;
    struct ift_jout out;
    struct ift_json doc = {0};
    if (ift_jinja_open(&j, (const char *)data, size, &err) < 0) {
        if (!*err.text) abort();
        return 0;
    }
    if (ift_json_parse(&doc, messages, sizeof messages - 1, &err) < 0) abort();
    struct ift_jrun *const run = ift_jrun_new();
    ift_jrun_set(run, "messages", ift_jval_json(run, &doc, 0, 7));
    ift_jrun_set(run, "eos_token", ift_jval_text(run, ift_slice("</s>"), 0));
    if (ift_jinja_render(j, run, &out, &err) == 0) {
        for (size_t i = 0; out.text.from && i < out.text.n; i++)
            if (out.text.from[i] != 0 && out.text.from[i] != 7) abort();
        for (size_t i = 0; i < out.nsaid; i++)
            if (out.said[i].from > out.said[i].to || out.said[i].to > out.text.n) abort();
    }
    ift_jrun_free(run);
    ift_jinja_free(j);
    ift_json_release(&doc);
    return 0;
}
