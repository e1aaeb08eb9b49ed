#include "libcore/io/parquet_codec.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "libcore/io/lz.h"

static bool stored(const unsigned char *in, size_t n, unsigned char *out, size_t out_n) {
    if (n == out_n && n > 0) memcpy(out, in, n);
    return n == out_n;
}

/* A page may be several gzip members, one after the other. */
static bool gunzip(const unsigned char *in, size_t n, unsigned char *out, size_t out_n) {
    enum { GZIP_OR_ZLIB = 32 };
    z_stream z = {.next_in = (unsigned char *)in,
                  .avail_in = (unsigned)n,
                  .next_out = out,
                  .avail_out = (unsigned)out_n};
    if (inflateInit2(&z, MAX_WBITS + GZIP_OR_ZLIB) != Z_OK) return false;
    int got = inflate(&z, Z_FINISH);
    while (got == Z_STREAM_END && z.avail_in > 0 && inflateReset(&z) == Z_OK)
        got = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return got == Z_STREAM_END && z.avail_out == 0;
}

static bool unzstd(const unsigned char *in, size_t n, unsigned char *out, size_t out_n) {
    return ZSTD_decompress(out, out_n, in, n) == out_n; /* failures are huge numbers */
}

/* ratio: what a compressed byte can become at most. snappy: 64 of three; LZ4: a byte of a length is
 * 255; deflate: its longest copy of 258 in two bits; zstd: a block of 128 KiB in four bytes. */
static const struct codec {
    const char *name;
    bool (*decompress)(const unsigned char *in, size_t n, unsigned char *out, size_t out_n);
    size_t ratio;
} codecs[] = {
    {"uncompressed", stored, 1}, {"snappy", ift_lz_snappy, 22},
    {"gzip", gunzip, 1032},      {"LZO", NULL, 0},
    {"brotli", NULL, 0},         {"LZ4 in Hadoop's frames", NULL, 0},
    {"zstd", unzstd, 32 << 10},  {"LZ4", ift_lz_lz4, 255},
};

static const struct codec *find(int64_t codec) {
    const size_t n = sizeof codecs / sizeof *codecs;
    return codec >= 0 && (uint64_t)codec < n ? &codecs[codec] : NULL;
}

const char *ift_parquet_codec_name(int64_t codec) {
    const struct codec *const c = find(codec);
    return c ? c->name : NULL;
}

bool ift_parquet_codec_known(int64_t codec) {
    const struct codec *const c = find(codec);
    return c && c->decompress;
}

bool ift_parquet_codec_plausible(int64_t codec, size_t n, size_t out_n) {
    return out_n / find(codec)->ratio <= n;
}

bool ift_parquet_decompress(int64_t codec, const unsigned char *in, size_t n, unsigned char *out,
                            size_t out_n) {
    return find(codec)->decompress(in, n, out, out_n);
}
