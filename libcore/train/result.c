#include "libcore/train/result.h"

#include <string.h>

#include "libcore/base/str.h"
#include "libcore/io/stream.h"

static int save_provenance(const char *dir, const char *provenance, struct ift_err *err) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/provenance.json", dir);
    struct ift_out *out = NULL;
    int rc = ift_out_open(&out, path.p, err);
    ift_str_release(&path);
    IFT_TRY(rc);
    rc = ift_out_write(out, provenance, strlen(provenance), err);
    if (rc == 0) rc = ift_out_write(out, "\n", 1, err);
    if (rc == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return rc;
}

int ift_result_save(const char *dir, struct ift_peft *p, struct ift_device *d,
                    const char *provenance, struct ift_err *err) {
    IFT_TRY(save_provenance(dir, provenance, err));
    return ift_peft_save(p, d, dir, err);
}
