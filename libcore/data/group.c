#include "libcore/data/group.h"

enum ift_group_place ift_group_place(struct ift_group *g, struct ift_slice value) {
    struct ift_err not_json = {0};
    int node = -1;
    if (ift_json_parse(&g->row, value.p, value.n, &not_json) == 0)
        node = ift_json_get(&g->row, 0, g->key);
    const struct ift_slice text = node < 0 ? (struct ift_slice){0} : ift_json_raw(&g->row, node);
    if (text.n > 0 && ift_slice_eq(text, ift_str_slice(&g->text))) return IFT_GROUP_NEXT;
    ift_str_clear(&g->text);
    ift_str_add(&g->text, text.p, text.n);
    return text.n > 0 ? IFT_GROUP_FIRST : IFT_GROUP_NONE;
}

void ift_group_release(struct ift_group *g) {
    ift_json_release(&g->row);
    ift_str_release(&g->text);
    g->key = NULL;
}
