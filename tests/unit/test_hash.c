/* XXH3: known answers, the same in any pieces, digests of files. */
#include <unistd.h>

#include "libcore/base/hash.h"
#include "tests/unit/check.h"

static void test_known(void) {
    /* From the vectors that xxhash publishes: the empty input, and "abc". */
    CHECK(ift_hash("", 0) == 0x2D06800538D394C2u);
    CHECK(ift_hash(NULL, 0) == 0x2D06800538D394C2u);
    CHECK(ift_hash("abc", 3) == 0x78AF5F94892F3950u);
    char text[IFT_DIGEST];
    ift_digest_text(0x78AF5F94892F3950u, text);
    CHECK_STR(text, "xxh3:78af5f94892f3950");
    ift_digest_text(1, text);
    CHECK_STR(text, "xxh3:0000000000000001");
}

static void test_pieces(void) {
    enum { N = 5000 };
    unsigned char bytes[N];
    for (int i = 0; i < N; i++) bytes[i] = (unsigned char)(i * i >> 3);
    for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
        struct ift_hasher *h = ift_hasher_new();
        for (size_t at = 0; at < N; at += piece) {
            ift_hasher_add(h, bytes + at, N - at < piece ? N - at : piece);
            if (at == 0) CHECK(ift_hasher_value(h) == ift_hash(bytes, piece));
        }
        ift_hasher_add(h, NULL, 0);
        CHECK(ift_hasher_value(h) == ift_hash(bytes, N));
        ift_hasher_free(h);
    }
    ift_hasher_free(NULL);
}

static void test_files(void) {
    struct ift_err err = {0};
    char path[] = "/tmp/ift-test-hash-XXXXXX";
    const int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, "abc", 3) == 3);
    close(fd);
    uint64_t hash = 0;
    CHECK_OK(ift_hash_file(path, &hash, &err), &err);
    CHECK(hash == ift_hash("abc", 3));
    unlink(path);
    CHECK(ift_hash_file(path, &hash, &err) < 0);
    CHECK(strstr(err.text, path) && strstr(err.text, "No such file"));
    CHECK(ift_hash_file("/", &hash, &err) < 0); /* opens, but cannot be read */
    CHECK_STR(err.text, "/: Is a directory");
}

int main(void) {
    test_known();
    test_pieces();
    test_files();
    return check_done();
}
