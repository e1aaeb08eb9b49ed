#include "libcore/tensor/mapped.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int ift_mapped_open(struct ift_mapped *m, const char *path, struct ift_err *err) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) return ift_fail_errno(err, "%s", path);
    int rc = fstat(fd, &st) == 0 ? 0 : ift_fail_errno(err, "%s", path);
    if (rc == 0 && !S_ISREG(st.st_mode)) rc = IFT_FAIL(err, "%s: no regular file", path);
    if (rc == 0) {
        *m = (struct ift_mapped){(const unsigned char *)"", (size_t)st.st_size};
        void *const p = m->n ? mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
        if (p == MAP_FAILED) {
            rc = ift_fail_errno(err, "%s: cannot map", path);
            *m = (struct ift_mapped){0};
        } else if (p) {
            m->p = p;
            /* Weights are read from end to end at every step. Where the file system can, they come
             * in pages that large; else this changes nothing. */
            (void)madvise(p, m->n, MADV_HUGEPAGE);
        }
    }
    close(fd);
    return rc;
}

void ift_mapped_close(struct ift_mapped *m) {
    if (m->n) munmap((void *)(uintptr_t)m->p, m->n);
    *m = (struct ift_mapped){0};
}

void ift_mapped_forget(const struct ift_mapped *m, const void *p, size_t n) {
    const uintptr_t base = (uintptr_t)m->p, at = (uintptr_t)p;
    if (at < base || at - base > m->n || n > m->n - (at - base)) return;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t from = (at + page - 1) / page * page, to = (at + n) / page * page;
    if (from < to) (void)madvise((void *)from, to - from, MADV_DONTNEED);
}
