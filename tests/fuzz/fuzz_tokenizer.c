/* fuzz_tokenizer.c: any bytes are a vocabulary, tokenizer.model or tokenizer.json, that encodes and
 * decodes, or are refused with a message. The first byte is how much of the input, from its end, is
 * the text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct ift_tokenizer *t, const char *text, size_t n) {
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_str out = {0};
    const struct ift_encode_opts opts = {.parse_control = true};
    for (int control = 0; control < 2; control++) {
        if (ift_encoder_encode(e, text, n, control ? &opts : NULL, &tokens, &err) < 0) abort();
        if (tokens.from[tokens.n] != n) abort();
        for (size_t i = 0; i < tokens.n; i++)
            if (tokens.from[i] > tokens.from[i + 1]) abort();
        if (ift_tokenizer_decode(t, tokens.id, tokens.n, control, &out, &err) < 0) abort();
    }
    ift_str_release(&out);
    ift_tokens_release(&tokens);
    ift_encoder_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    struct ift_tokenizer *t = NULL;
    char path[64];
    if (size < 1) return 0;
    const size_t text = data[0] < size ? data[0] : 0;
    const int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1 - text) != (ssize_t)(size - 1 - text)) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (ift_tokenizer_open(&t, path, &err) == 0)
        use(t, (const char *)data + size - text, text);
    else if (!err.text[0])
        abort();
    ift_tokenizer_free(t);
    close(fd);
    return 0;
}
