#include "libcore/tensor/zip_write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

enum { UTF8_NAMES = 0x800, ZIP64 = 45, DAY_ONE = 0x21 }; /* 1980-01-01, the first that there is */
enum { EXTRA_ZIP64 = 1, EXTRA_PADDING = 0x4246 };        /* the latter as torch has it: "FB" */
static const uint32_t big = UINT32_MAX; /* look for the number in the extra field */

struct ift_zip_writer {
    struct ift_out *out;
    uint64_t at, members;
    struct ift_str directory, header;
    uint32_t table[8][256]; /* of CRC-32, for eight bytes at a time */
};

/* ---- checksums ---- */

static void fill_table(uint32_t table[8][256]) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
        table[0][i] = c;
    }
    for (int k = 1; k < 8; k++)
        for (uint32_t i = 0; i < 256; i++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

static uint32_t checksum(uint32_t table[8][256], const unsigned char *p, size_t n) {
    uint32_t c = UINT32_MAX;
    for (; n >= 8; p += 8, n -= 8) {
        c ^= p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        c = table[7][c & 255] ^ table[6][c >> 8 & 255] ^ table[5][c >> 16 & 255] ^
            table[4][c >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
    }
    for (; n; p++, n--) c = c >> 8 ^ table[0][(c ^ *p) & 255];
    return ~c;
}

/* ---- records ---- */

static void add(struct ift_str *out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) ift_str_addc(out, (char)(value >> 8 * i));
}

/* What a member's two headers share: version to checksum, sizes, lengths of name and extra field.
 */
static void add_common(struct ift_str *out, uint32_t crc, uint64_t size, size_t name,
                       size_t extra) {
    const uint32_t short_size = size < big ? (uint32_t)size : big;
    add(out, ZIP64, 2);
    add(out, UTF8_NAMES, 2);
    add(out, 0, 2); /* stored */
    add(out, 0, 2); /* midnight */
    add(out, DAY_ONE, 2);
    add(out, crc, 4);
    add(out, short_size, 4);
    add(out, short_size, 4);
    add(out, name, 2);
    add(out, extra, 2);
}

static void add_directory(struct ift_zip_writer *z, const char *name, uint32_t crc, uint64_t size,
                          uint64_t at) {
    const size_t n = strlen(name);
    const bool wide = size >= big || at >= big;
    struct ift_str *const d = &z->directory;
    add(d, 0x02014b50, 4);
    add(d, ZIP64, 2); /* made by */
    add_common(d, crc, wide ? big : size, n, wide ? 28 : 0);
    add(d, 0, 2); /* no comment */
    add(d, 0, 2); /* the only disk */
    add(d, 0, 2); /* no text */
    add(d, 0, 4);
    add(d, wide ? big : at, 4);
    ift_str_add(d, name, n);
    if (!wide) return;
    add(d, EXTRA_ZIP64, 2);
    add(d, 24, 2);
    add(d, size, 8);
    add(d, size, 8);
    add(d, at, 8);
}

struct ift_zip_writer *ift_zip_writer_new(struct ift_out *out) {
    struct ift_zip_writer *const z = ift_alloc0(1, sizeof *z);
    z->out = out;
    fill_table(z->table);
    return z;
}

int ift_zip_writer_add(struct ift_zip_writer *z, const char *name, const void *p, size_t n,
                       size_t align, struct ift_err *err) {
    const size_t length = strlen(name), sizes = n >= big ? 20 : 0;
    const uint32_t crc = checksum(z->table, p, n);
    /* The padding is an extra field too, of at least its own four bytes. */
    const uint64_t bare = z->at + 30 + length + sizes + 4;
    const size_t padding = align > 1 ? 4 + (size_t)(-bare & (align - 1)) : 0;
    struct ift_str *const h = &z->header;
    ift_str_clear(h);
    add(h, 0x04034b50, 4);
    add_common(h, crc, n, length, sizes + padding);
    ift_str_add(h, name, length);
    if (sizes) {
        add(h, EXTRA_ZIP64, 2);
        add(h, 16, 2);
        add(h, n, 8);
        add(h, n, 8);
    }
    if (padding) {
        add(h, EXTRA_PADDING, 2);
        add(h, padding - 4, 2);
        for (size_t i = 4; i < padding; i++) ift_str_addc(h, 'Z');
    }
    add_directory(z, name, crc, n, z->at);
    z->at += h->n + n;
    z->members++;
    IFT_TRY(ift_out_write(z->out, h->p, h->n, err));
    return ift_out_write(z->out, p, n, err);
}

int ift_zip_writer_finish(struct ift_zip_writer *z, struct ift_err *err) {
    struct ift_str *const d = &z->directory;
    const uint64_t size = d->n, end = z->at + size;
    const bool wide = z->at >= big || size >= big || z->members >= UINT16_MAX;
    if (wide) {
        add(d, 0x06064b50, 4);
        add(d, 44, 8); /* what follows of this record */
        add(d, ZIP64, 2);
        add(d, ZIP64, 2);
        add(d, 0, 8); /* disks */
        add(d, z->members, 8);
        add(d, z->members, 8);
        add(d, size, 8);
        add(d, z->at, 8);
        add(d, 0x07064b50, 4);
        add(d, 0, 4);
        add(d, end, 8);
        add(d, 1, 4);
    }
    add(d, 0x06054b50, 4);
    add(d, 0, 4);
    add(d, wide ? UINT16_MAX : z->members, 2);
    add(d, wide ? UINT16_MAX : z->members, 2);
    add(d, wide ? big : size, 4);
    add(d, wide ? big : z->at, 4);
    add(d, 0, 2);
    return ift_out_write(z->out, d->p, d->n, err);
}

void ift_zip_writer_free(struct ift_zip_writer *z) {
    if (!z) return;
    ift_str_release(&z->directory);
    ift_str_release(&z->header);
    free(z);
}
