#include "libcore/io/xlsx_part.h"

#include <archive.h>
#include <archive_entry.h>
#include <expat.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/mem.h"

struct ift_xlsx_part {
    char *name;
    struct archive *archive;
    XML_Parser parser;
    const struct ift_xlsx_events *events;
    void *ctx;
    struct ift_err bad;
    bool failed, ended;
};

/* Between a namespace and a name: no name has it. */
enum { BY = '\n' };

static const char *local(const char *name) {
    const char *const by = strrchr(name, BY);
    return by ? by + 1 : name;
}

const char *ift_xlsx_attr(const char **attr, const char *name) {
    for (; *attr; attr += 2)
        if (strcmp(local(attr[0]), name) == 0) return attr[1];
    return NULL;
}

void ift_xlsx_part_fail(struct ift_xlsx_part *p, const char *fmt, ...) {
    if (p->failed) return;
    char text[sizeof p->bad.text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ift_fail(&p->bad, "%s", text);
    p->failed = true;
    XML_StopParser(p->parser, XML_FALSE);
}

/* ---- expat's events; some still come after it was told to stop ---- */

static void on_start(void *ctx, const char *name, const char **attr) {
    struct ift_xlsx_part *const p = ctx;
    if (!p->failed) p->events->start(p->ctx, p, local(name), attr);
}

static void on_end(void *ctx, const char *name) {
    struct ift_xlsx_part *const p = ctx;
    if (!p->failed) p->events->end(p->ctx, p, local(name));
}

static void on_text(void *ctx, const char *text, int n) {
    struct ift_xlsx_part *const p = ctx;
    if (!p->failed) p->events->text(p->ctx, p, text, n);
}

static void on_doctype(void *ctx, const char *name, const char *system, const char *public,
                       int subset) {
    (void)name, (void)system, (void)public, (void)subset;
    ift_xlsx_part_fail(ctx, "a document type, which a spreadsheet has not");
}

/* ---- the member ---- */

static int fail_zip(struct ift_err *err) {
    return IFT_FAIL(err, "the zip's list of its members is damaged, or the file is cut short");
}

static int find(struct ift_xlsx_part *p, int fd, struct ift_err *err) {
    if (lseek(fd, 0, SEEK_SET) < 0) return ift_fail_errno(err, "%s", p->name);
    p->archive = archive_read_new();
    archive_read_support_format_zip_seekable(p->archive);
    if (archive_read_open_fd(p->archive, fd, 1 << 16) < ARCHIVE_WARN) return fail_zip(err);
    struct archive_entry *e;
    int got;
    while ((got = archive_read_next_header(p->archive, &e)) >= ARCHIVE_WARN && got != ARCHIVE_EOF) {
        const char *const path = archive_entry_pathname(e);
        if (path && strcmp(path, p->name) == 0) return 1;
    }
    return got == ARCHIVE_EOF ? 0 : fail_zip(err);
}

int ift_xlsx_part_open(struct ift_xlsx_part **result, int fd, const char *name,
                       const struct ift_xlsx_events *events, void *ctx, struct ift_err *err) {
    struct ift_xlsx_part *const p = ift_alloc0(1, sizeof *p);
    p->name = ift_strdup(name);
    p->events = events;
    p->ctx = ctx;
    p->parser = XML_ParserCreateNS(NULL, BY);
    if (!p->parser) ift_out_of_memory(0);
    XML_SetUserData(p->parser, p);
    XML_SetElementHandler(p->parser, on_start, on_end);
    if (events->text) XML_SetCharacterDataHandler(p->parser, on_text);
    XML_SetStartDoctypeDeclHandler(p->parser, on_doctype);
    const int got = find(p, fd, err);
    if (got > 0)
        *result = p;
    else
        ift_xlsx_part_free(p);
    return got;
}

static int parse(struct ift_xlsx_part *p, const void *text, size_t n, struct ift_err *err) {
    const char *at = text;
    do {
        const int step = n > 1 << 20 ? 1 << 20 : (int)n;
        const enum XML_Status ok = XML_Parse(p->parser, at, step, p->ended);
        if (p->failed) {
            *err = p->bad;
            return -1;
        }
        if (ok == XML_STATUS_ERROR)
            return IFT_FAIL(err, "%s:%lu: %s", p->name,
                            (unsigned long)XML_GetCurrentLineNumber(p->parser),
                            XML_ErrorString(XML_GetErrorCode(p->parser)));
        at += step;
        n -= (size_t)step;
    } while (n > 0);
    return 1;
}

int ift_xlsx_part_step(struct ift_xlsx_part *p, struct ift_err *err) {
    if (p->ended) return 0;
    const void *block;
    size_t n;
    la_int64_t offset;
    const int got = archive_read_data_block(p->archive, &block, &n, &offset);
    if (got < ARCHIVE_WARN) {
        const char *const why = archive_error_string(p->archive);
        return IFT_FAIL(err, "%s: %s", p->name, why ? why : "damaged");
    }
    p->ended = got == ARCHIVE_EOF;
    return p->ended || n == 0 ? parse(p, "", 0, err) : parse(p, block, n, err);
}

void ift_xlsx_part_free(struct ift_xlsx_part *p) {
    if (!p) return;
    archive_read_free(p->archive);
    XML_ParserFree(p->parser);
    free(p->name);
    free(p);
}

int ift_xlsx_part_read(int fd, const char *name, const struct ift_xlsx_events *events, void *ctx,
                       struct ift_err *err) {
    struct ift_xlsx_part *p;
    int got = ift_xlsx_part_open(&p, fd, name, events, ctx, err);
    if (got <= 0) return got;
    while ((got = ift_xlsx_part_step(p, err)) > 0) continue;
    ift_xlsx_part_free(p);
    return got < 0 ? -1 : 1;
}
