#include "libcore/train/result.h"

#include "libcore/base/str.h"
#include "libcore/io/stream.h"

static int save_provenance(const char *dir, const char *provenance, struct ift_err *err) {
    struct ift_str path = {0}, text = {0};
    ift_str_addf(&path, "%s/provenance.json", dir);
    ift_str_addf(&text, "%s\n", provenance);
    const int rc = ift_out_text(path.p, ift_str_slice(&text), err);
    ift_str_release(&path);
    ift_str_release(&text);
    return rc;
}

int ift_result_save(const char *dir, struct ift_peft *p, struct ift_device *d,
                    const char *provenance, struct ift_err *err) {
    IFT_TRY(save_provenance(dir, provenance, err));
    return ift_peft_save(p, d, dir, err);
}
