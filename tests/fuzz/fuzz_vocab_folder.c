/* fuzz_vocab_folder.c: any bytes are the files of a folder with a vocabulary, which encodes and
 * decodes, or are refused with a message. The first byte chooses which files, of `shapes`; the
 * input is cut into them at each line that is "%", and the last part is the text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the first byte chooses: the names of the parts, in order; NULL is what the file says. */
static const struct {
    const char *file[4];
    const char *config;
} shapes[] = {
    {{"vocab.json", "merges.txt", "added_tokens.json"}, "{\"tokenizer_class\":\"MossTokenizer\"}"},
    {{"vocab.json", "merges.txt", "tokenizer_config.json"}, NULL},
    {{"encoder.json", "vocab.bpe", "special_tokens_map.json"}, NULL},
    {{"qwen.tiktoken", "added_tokens.json", "special_tokens_map.json"}, NULL},
    {{"tokenizer.model", "tokenizer_config.json", "config.json"}, NULL},
    {{"tokenizer.model", "added_tokens.json"}, "{\"tokenizer_class\":\"ChatGLMTokenizer\"}"},
    {{"ice_text.model", "tokenizer_config.json", "added_tokens.json"}, NULL},
    {{"ice_text.model"}, "{\"num_image_tokens\":7,\"bos_token\":\"<s>\"}"},
    {{"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}, NULL},
};
enum { NSHAPES = sizeof shapes / sizeof *shapes };

static void use(const struct ift_tokenizer *t, const char *text, size_t n) {
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_str out = {0};
    for (int control = 0; control < 2; control++) {
        const struct ift_encode_opts opts = {.parse_control = control};
        if (ift_encoder_encode(e, text, n, &opts, &tokens, &err) < 0) abort();
        if (tokens.from[tokens.n] != n) abort();
        for (size_t i = 0; i < tokens.n; i++)
            if (tokens.from[i] > tokens.from[i + 1]) abort();
        if (ift_tokenizer_decode(t, tokens.id, tokens.n, control, &out, &err) < 0) abort();
    }
    ift_str_release(&out);
    ift_tokens_release(&tokens);
    ift_encoder_free(e);
}

static void write_file(const char *folder, const char *name, const char *p, size_t n) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const f = fopen(path, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) abort();
}

static void remove_file(const char *folder, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

/* The next part of p[0, *n), which becomes the rest. */
static const char *next_part(const char **p, size_t *n, size_t *len) {
    const char *const part = *p, *const end = *n ? memmem(*p, *n, "\n%\n", 3) : NULL;
    *len = end ? (size_t)(end - part) : *n;
    const size_t used = end ? *len + 3 : *n;
    *p += used;
    *n -= used;
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    struct ift_tokenizer *t = NULL;
    char folder[64];
    if (size < 1) return 0;
    const size_t shape = data[0] % NSHAPES;
    const char *p = (const char *)data + 1;
    size_t n = size - 1, len;
    snprintf(folder, sizeof folder, "/dev/shm/fuzz-%d", (int)getpid());
    mkdir(folder, 0700);
    for (size_t i = 0; i < 4 && shapes[shape].file[i]; i++) {
        const char *const part = next_part(&p, &n, &len);
        write_file(folder, shapes[shape].file[i], part, len);
    }
    if (shapes[shape].config)
        write_file(folder, "tokenizer_config.json", shapes[shape].config,
                   strlen(shapes[shape].config));
    if (ift_tokenizer_open(&t, folder, &err) == 0)
        use(t, p, n);
    else if (!err.text[0])
        abort();
    ift_tokenizer_free(t);
    for (size_t i = 0; i < 4 && shapes[shape].file[i]; i++)
        remove_file(folder, shapes[shape].file[i]);
    if (shapes[shape].config) remove_file(folder, "tokenizer_config.json");
    rmdir(folder);
    return 0;
}
