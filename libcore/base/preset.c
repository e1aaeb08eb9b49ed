#include "libcore/base/preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"

static int read_text(const char *path, struct ift_str *text, struct ift_err *err) {
    FILE *const f = fopen(path, "rb");
    if (!f) return ift_fail_errno(err, "%s", path);
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) ift_str_add(text, chunk, n);
    const int rc = ferror(f) ? ift_fail_errno(err, "%s", path) : 0;
    fclose(f);
    ift_str_addc(text, '\n'); /* every line ends, the last too */
    return rc;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts one terminated line into the option and its value. */
static int add_line(struct ift_preset *p, char *line, size_t *cap) {
    while (is_blank(*line)) line++;
    char *end = line + strlen(line);
    while (end > line && is_blank(end[-1])) end--;
    *end = '\0';
    if (*line == '\0' || *line == '#') return 0;
    if (line[0] != '-' || line[1] == '\0') return -1;
    p->word = ift_grow(p->word, p->n + 2, cap, sizeof *p->word);
    p->word[p->n++] = line;
    while (*line && !is_blank(*line) && *line != '=') line++;
    if (!is_blank(*line)) return 0;
    *line++ = '\0';
    while (is_blank(*line)) line++;
    p->word[p->n++] = line;
    return 0;
}

static int add_lines(struct ift_preset *p, const char *path, struct ift_err *err) {
    size_t cap = 0, number = 0;
    char *line = p->text.p;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        number++;
        if (add_line(p, line, &cap) == 0) continue;
        return ift_fail_usage(err, "%s:%zu: not an option, write --name VALUE", path, number);
    }
    return 0;
}

int ift_preset_init(struct ift_preset *preset, const char *name, struct ift_err *err) {
    *preset = (struct ift_preset){0};
    char *path;
    IFT_TRY(ift_data_find("presets", name, ".opts", &path, err));
    int rc = read_text(path, &preset->text, err);
    if (rc == 0) rc = add_lines(preset, path, err);
    free(path);
    if (rc < 0) ift_preset_release(preset);
    return rc;
}

void ift_preset_release(struct ift_preset *preset) {
    ift_str_release(&preset->text);
    free(preset->word);
    *preset = (struct ift_preset){0};
}
