/* stream.h: bytes in from anywhere, bytes out without accidents.
 *
 * Input is a list of operands, read one after the other as "members". An operand is a file, "-" for
 * standard input, or an archive; compression is recognised by its magic bytes (gzip, zstd, xz,
 * bzip2, lz4, stacked ones too) and so are tar and zip, of which the members chosen by --member
 * GLOB (default: all regular files) are read in archive order. A spreadsheet, though a zip, is a
 * member as it is (xlsx.h). A folder stands for the files in and
 * below it, sorted, of which GLOB chooses by their paths in it (an archive there is read whole);
 * hidden ones are left out. Text is never guessed at. A
 * truncated compressed stream or archive is an error, on pipes too. gzip.h reads text in gzip
 * files, libarchive all else that is packed.
 *
 * Output goes to standard output or to a file that appears only when it is whole: written to a
 * temporary neighbour, flushed, synced, renamed. Any failure to write is an error; nothing
 * half-written is left.
 */
#ifndef IFT_STREAM_H
#define IFT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

struct ift_in;

/* paths NULL or n 0: standard input. member NULL: every regular file of an archive. */
int ift_in_open(struct ift_in **in, const char *const *paths, size_t n, const char *member,
                struct ift_err *err) IFT_MUST_CHECK;
/* Members are text in that encoding, whatever iconv knows (recode.h), and are read as UTF-8. NULL:
 * bytes as they are. An encoding that is not known is a usage error. */
int ift_in_recode(struct ift_in *in, const char *encoding, struct ift_err *err) IFT_MUST_CHECK;
/* Opens the next member: 1 opened, 0 no more, -1 error. Must be called before the first read. After
 * an error that is not `outside` (err.h), of this or of block or line, it may be called again and
 * goes to the next member, or operand, that can be read. */
int ift_in_next(struct ift_in *in, struct ift_err *err) IFT_MUST_CHECK;
/* The glob that still chooses of what is in the member, where that is an operand with parts, or
 * NULL: of a folder it has chosen the file, of an archive the member. */
const char *ift_in_glob(const struct ift_in *in);
/* The name for messages: "dir/x.json", "x.zip:train.jsonl", "stdin". Lent until the next call. */
const char *ift_in_name(const struct ift_in *in);
/* Lends the next block of the current member: 1 with 0 < n bytes, 0 at its end, -1 error (a cut
 * stream is one). */
int ift_in_block(struct ift_in *in, const char **p, size_t *n, struct ift_err *err) IFT_MUST_CHECK;
/* After a failure of block or line: whether the member is sound and not data (a Git LFS pointer, a
 * text in UTF-16); *start is how it begins, lent until the next one is opened. */
bool ift_in_refused(const struct ift_in *in, struct ift_slice *start);
/* Lends the next line without its '\n' (a '\r' before it stays): 1, 0, -1. terminated false: the
 * last line had no '\n'. A line may be of any length; memory is its length. */
int ift_in_line(struct ift_in *in, struct ift_slice *line, bool *terminated,
                struct ift_err *err) IFT_MUST_CHECK;
void ift_in_free(struct ift_in *in);

/* Reads a whole file, decompressed, into memory: config and recipe files. max 0: 1 GiB. An empty
 * file is text too: text->p is not NULL. */
int ift_in_slurp(const char *path, struct ift_str *text, size_t max,
                 struct ift_err *err) IFT_MUST_CHECK;

/* The file of that name in a folder: 1, or 0 when it is not there. */
int ift_in_slurp_from(const char *folder, const char *file, struct ift_str *text,
                      struct ift_err *err) IFT_MUST_CHECK;

struct ift_out;
/* path "-" or NULL: standard output. */
int ift_out_open(struct ift_out **out, const char *path, struct ift_err *err) IFT_MUST_CHECK;
const char *ift_out_name(const struct ift_out *out);
int ift_out_write(struct ift_out *out, const void *p, size_t n,
                  struct ift_err *err) IFT_MUST_CHECK; /* buffered */
int ift_out_flush(struct ift_out *out, struct ift_err *err) IFT_MUST_CHECK;
/* Flushes, checks and renames into place; frees `out` whatever happens. Only after this does the
 * file exist. */
int ift_out_close(struct ift_out *out, struct ift_err *err) IFT_MUST_CHECK;
/* All of an output at once. */
int ift_out_text(const char *path, struct ift_slice text, struct ift_err *err) IFT_MUST_CHECK;
/* Throws the output away: the temporary file is removed. NULL is fine. For the failure path. */
void ift_out_abandon(struct ift_out *out);

#endif
