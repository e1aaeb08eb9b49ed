#include "libcore/text/added.h"

#include <stdlib.h>

#include "libcore/text/tokenizer_internal.h"

void ift_added_release(struct ift_added *a) {
    ift_arena_release(&a->arena);
    free(a->token);
    ift_trie_release(&a->names);
    ift_u64map_release(&a->ids);
    *a = (struct ift_added){0};
}

void ift_added_set_text(struct ift_added *a, size_t index, const char *p, size_t n) {
    a->token[index].text = (struct ift_slice){ift_arena_strndup(&a->arena, p, n), n};
}

static struct ift_added_token *by_name(const struct ift_added *a, struct ift_slice name) {
    int32_t index;
    return ift_trie_match(&a->names, name.p, name.n, &index) == name.n ? &a->token[index] : NULL;
}

static struct ift_added_token *by_id(const struct ift_added *a, uint32_t id) {
    const uint64_t index = ift_u64map_get(&a->ids, id);
    return index == IFT_U64MAP_NONE ? NULL : &a->token[index];
}

static void give_id(struct ift_added *a, struct ift_added_token *token, uint32_t id) {
    token->id = (int32_t)id;
    ift_u64map_put(&a->ids, id, (uint64_t)(token - a->token));
}

int ift_added_put(struct ift_added *a, const struct ift_added_token *token, struct ift_err *err) {
    const struct ift_slice name = token->name;
    if (name.n == 0) return IFT_FAIL(err, "added token %d is empty", token->id);
    if (token->id >= IFT_ADDED_MOST_IDS)
        return IFT_FAIL(err, "added token \"%.100s\" has an id beyond %d", name.p,
                        IFT_ADDED_MOST_IDS - 1);
    struct ift_added_token *known = token->id >= 0 ? by_id(a, (uint32_t)token->id) : NULL;
    if (!known) known = by_name(a, name);
    if (known && ift_slice_eq(known->name, name)) {
        const int32_t id = known->id;
        if (id >= 0 && token->id >= 0 && id != token->id)
            return IFT_FAIL(err, "added token \"%.100s\" has two ids", name.p);
        *known = *token;
        known->name = by_name(a, name)->name;
        known->id = id;
    } else if (known) {
        return IFT_FAIL(err, "id %d has two added tokens", token->id);
    } else {
        a->token = ift_grow(a->token, a->n + 1, &a->cap, sizeof *a->token);
        known = &a->token[a->n];
        *known = *token;
        known->name.p = ift_arena_strndup(&a->arena, name.p, name.n);
        ift_trie_add(&a->names, name.p, name.n, (int32_t)a->n++);
    }
    if (token->id >= 0) give_id(a, known, (uint32_t)token->id);
    return 0;
}

int ift_added_special(struct ift_added *a, struct ift_slice name, struct ift_err *err) {
    if (name.n == 0) return 0;
    struct ift_added_token *const known = by_name(a, name);
    if (known) known->special = true;
    const struct ift_added_token token = {.name = name, .id = -1, .special = true};
    return known ? 0 : ift_added_put(a, &token, err);
}

int ift_added_behind(struct ift_added *a, uint32_t id, struct ift_slice name, struct ift_err *err) {
    const struct ift_added_token token = {.name = name, .id = (int32_t)id, .special = true};
    const struct ift_added_token *const known = by_name(a, name);
    return by_id(a, id) || (known && known->id >= 0) ? 0 : ift_added_put(a, &token, err);
}

static bool is_true(const struct ift_json *doc, int node, const char *key) {
    return ift_json_is(doc, ift_json_get(doc, node, key), IFT_JSON_TRUE);
}

int ift_added_read(struct ift_added *a, const struct ift_json *doc, int node, int64_t id,
                   struct ift_err *err) {
    const int content = ift_json_get(doc, node, "content");
    if (!ift_json_is(doc, content, IFT_JSON_STRING))
        return IFT_FAIL(err, "an added token without \"content\"");
    if (id < 0) {
        IFT_TRY(ift_json_get_i64(doc, node, "id", -1, &id, err));
        if (id < 0) return IFT_FAIL(err, "an added token without \"id\"");
    }
    struct ift_str name = {0};
    ift_json_text(doc, content, &name);
    const struct ift_added_token token = {
        .name = ift_str_slice(&name),
        .id = (int32_t)(id < IFT_ADDED_MOST_IDS ? id : IFT_ADDED_MOST_IDS),
        .special = is_true(doc, node, "special"),
        .normalized = is_true(doc, node, "normalized"),
        .single_word = is_true(doc, node, "single_word"),
        .strip = (uint8_t)(is_true(doc, node, "lstrip") | is_true(doc, node, "rstrip") << 1),
    };
    const int rc = ift_added_put(a, &token, err);
    ift_str_release(&name);
    return rc;
}

const struct ift_added_token *ift_added_claim(struct ift_added *a, uint32_t id,
                                              struct ift_slice name) {
    if (a->n == 0) return NULL;
    struct ift_added_token *token = by_id(a, id);
    if (token || name.n == 0) return token;
    token = by_name(a, name);
    if (!token || token->id >= 0) return NULL;
    give_id(a, token, id);
    return token;
}

static void make_findable(struct ift_tokenizer *t, const struct ift_added_token *token,
                          bool normalized) {
    const uint32_t id = (uint32_t)token->id;
    struct ift_normal text = {0};
    struct ift_slice s = token->name;
    if (normalized) {
        ift_normalize(&t->normalizer, s.p, s.n, true, &text);
        s = ift_str_slice(&text.text);
    }
    struct ift_trie *const trie = normalized ? t->added_normal : t->added;
    if (s.n > 0) {
        ift_trie_add(&trie[1], s.p, s.n, token->id);
        if (!token->special) ift_trie_add(&trie[0], s.p, s.n, token->id);
    }
    const uint8_t manner = (uint8_t)(token->strip | (token->single_word ? IFT_SINGLE_WORD : 0));
    if (manner) ift_u64map_put(&t->manner, id, manner);
    ift_normal_release(&text);
}

int ift_added_finish(const struct ift_added *a, struct ift_tokenizer *t, bool normalizes,
                     struct ift_err *err) {
    uint32_t end = (uint32_t)t->vocab.n;
    for (size_t i = 0; i < a->n; i++)
        if (a->token[i].id >= (int32_t)end) end = (uint32_t)a->token[i].id + 1;
    for (uint32_t id = (uint32_t)t->vocab.n; id < end; id++) {
        const struct ift_added_token *const token = by_id(a, id);
        if (!token) {
            ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
            continue;
        }
        const struct ift_slice s = token->text.n > 0 ? token->text : token->name;
        ift_vocab_add(&t->vocab, s.p, s.n, token->special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
    }
    for (size_t i = 0; i < a->n; i++)
        if (a->token[i].id >= 0)
            make_findable(t, &a->token[i], a->token[i].normalized && normalizes);
    if (end > IFT_ADDED_MOST_IDS) return IFT_FAIL(err, "more than %d ids", IFT_ADDED_MOST_IDS);
    return 0;
}
