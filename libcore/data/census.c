#include "libcore/data/census.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"

/* ---- one record ---- */

/* A string node's text, lent until `scratch` is used again. */
static struct ift_slice text_of(const struct ift_json *doc, int node, struct ift_str *scratch) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    if (!doc->node[node].escaped) return (struct ift_slice){raw.p + 1, raw.n - 2};
    ift_str_clear(scratch);
    ift_json_text(doc, node, scratch);
    return ift_str_slice(scratch);
}

/* Counts a piece of what there is to learn from. */
static int read_text(struct ift_census_reader *reader, struct ift_slice text,
                     struct ift_census_facts *facts, struct ift_err *err) {
    facts->text_bytes += text.n;
    facts->text_characters += ift_letters_count(reader->scripts, text.p, text.n, facts->letters);
    if (!reader->counter || !text.n) return 0;
    return reader->counter->count(reader->counting, text, &facts->tokens, err);
}

/* The hash of a sequence of texts, one more at a time. */
static uint64_t chain(uint64_t hash, struct ift_slice text) {
    const uint64_t both[2] = {hash, ift_hash(text.p, text.n)};
    return ift_hash(both, sizeof both);
}

static int read_messages(struct ift_census_reader *reader, const struct ift_record *r,
                         struct ift_census_facts *facts, struct ift_err *err) {
    const struct ift_json *const doc = &r->doc;
    uint64_t so_far = 0;
    bool replied = false;
    facts->rounds = ift_record_rounds(r);
    facts->has |= 1u << IFT_STATS_HAS_MESSAGES;
    for (int m = ift_json_first(doc, r->messages); m >= 0; m = ift_json_next(doc, r->messages, m)) {
        const int role = ift_json_get(doc, m, "role");
        if (ift_json_text_is(doc, role, "system")) facts->has |= 1u << IFT_STATS_HAS_SYSTEM;
        if (ift_json_text_is(doc, role, "assistant")) {
            replied = true;
            facts->asked = so_far; /* unless a later reply answers more */
        }
        if (reader->hash) so_far = chain(so_far, text_of(doc, role, &reader->text));
        const struct ift_slice text = text_of(doc, ift_json_get(doc, m, "content"), &reader->text);
        if (reader->hash) so_far = chain(so_far, text);
        IFT_TRY(read_text(reader, text, facts, err));
    }
    if (!replied) facts->asked = so_far;
    return 0;
}

static int read_fields(struct ift_census_reader *reader, const struct ift_record *r,
                       struct ift_census_facts *facts, struct ift_err *err) {
    const int node[IFT_STATS_FIELDS] = {r->instruction, r->input, r->output, r->rationale};
    for (int i = 0; i < IFT_STATS_FIELDS; i++) {
        if (node[i] < 0) continue;
        const struct ift_slice text = text_of(&r->doc, node[i], &reader->text);
        const bool learned = r->messages < 0 || i == IFT_STATS_RATIONALE;
        const uint64_t before = facts->text_characters;
        if (learned) IFT_TRY(read_text(reader, text, facts, err));
        facts->bytes[i] = text.n;
        facts->characters[i] =
            learned ? facts->text_characters - before : ift_utf8_count(text.p, text.n);
        if (reader->hash && i <= IFT_STATS_INPUT && r->messages < 0)
            facts->asked = chain(facts->asked, text);
    }
    if (ift_record_lacks(r, r->system)) return 0;
    facts->has |= 1u << IFT_STATS_HAS_SYSTEM;
    return read_text(reader, text_of(&r->doc, r->system, &reader->text), facts, err);
}

int ift_census_read(struct ift_census_reader *reader, const struct ift_record *r,
                    struct ift_census_facts *facts, struct ift_err *err) {
    *facts = (struct ift_census_facts){.rounds = 1};
    IFT_TRY(read_fields(reader, r, facts, err));
    if (r->messages >= 0) IFT_TRY(read_messages(reader, r, facts, err));
    if (!ift_record_lacks(r, r->input)) facts->has |= 1u << IFT_STATS_HAS_INPUT;
    if (!ift_record_lacks(r, r->rationale)) facts->has |= 1u << IFT_STATS_HAS_RATIONALE;
    if (ift_record_lacks(r, r->output)) facts->has |= 1u << IFT_STATS_HAS_NO_OUTPUT;
    if (r->source >= 0) facts->source = text_of(&r->doc, r->source, &reader->source);
    if (!reader->hash) return 0;
    ift_str_clear(&reader->whole);
    ift_json_copy(&reader->whole, &r->doc, 0);
    facts->whole = ift_hash(reader->whole.p, reader->whole.n);
    return 0;
}

void ift_census_reader_release(struct ift_census_reader *reader) {
    ift_str_release(&reader->text);
    ift_str_release(&reader->whole);
    ift_str_release(&reader->source);
}

/* ---- a collection ---- */

static void add_source(struct ift_census *g, struct ift_slice source) {
    if (g->sources) return;
    if (g->records == 0) {
        if (source.n) g->source = ift_strndup(source.p, source.n);
    } else if (!ift_slice_eq(source, ift_slice(g->source ? g->source : ""))) {
        free(g->source);
        g->source = NULL;
        g->sources = true;
    }
}

static char *place_of(const struct ift_item *item) {
    struct ift_str place = {0};
    ift_str_addf(&place, "%s:%zu", item->file, item->line);
    if (item->element) ift_str_addf(&place, ": element %zu", item->element);
    return ift_str_take(&place);
}

void ift_census_add(struct ift_census *g, const struct ift_census_facts *facts,
                    const struct ift_item *item, bool hash) {
    for (int i = 0; i < IFT_STATS_FIELDS; i++) {
        if (facts->bytes[i] == 0) continue;
        ift_spread_add(&g->characters[i], facts->characters[i]);
        ift_spread_add(&g->bytes[i], facts->bytes[i]);
    }
    for (int i = 0; i < IFT_STATS_NHAS; i++) g->has[i] += facts->has >> i & 1;
    for (int i = 0; i < IFT_LETTERS_KINDS; i++) g->letters[i] += facts->letters[i];
    ift_spread_add(&g->rounds, facts->rounds);
    ift_spread_add(&g->text, facts->text_characters);
    ift_spread_add(&g->tokens, facts->tokens);
    g->text_bytes += facts->text_bytes;
    if (!g->longest || facts->text_characters > g->longest_n) {
        free(g->longest);
        g->longest = place_of(item);
        g->longest_n = facts->text_characters;
        g->longest_at = item->index;
    }
    add_source(g, facts->source);
    g->records++;
    if (!hash) return;
    ift_seen_add(&g->asked, facts->asked);
    ift_seen_add(&g->whole, facts->whole);
}

static void absorb_longest(struct ift_census *into, struct ift_census *from) {
    if (!from->longest) return;
    const bool longer = from->longest_n != into->longest_n ? from->longest_n > into->longest_n
                                                           : from->longest_at < into->longest_at;
    if (into->longest && !longer) return;
    free(into->longest);
    into->longest = from->longest;
    into->longest_n = from->longest_n;
    into->longest_at = from->longest_at;
    from->longest = NULL;
}

void ift_census_absorb(struct ift_census *into, struct ift_census *from) {
    if (from->records) {
        add_source(into, ift_slice(from->source ? from->source : ""));
        into->sources |= from->sources;
    }
    into->records += from->records;
    for (int i = 0; i < IFT_STATS_FIELDS; i++) {
        ift_spread_merge(&into->characters[i], &from->characters[i]);
        ift_spread_merge(&into->bytes[i], &from->bytes[i]);
    }
    for (int i = 0; i < IFT_STATS_NHAS; i++) into->has[i] += from->has[i];
    for (int i = 0; i < IFT_LETTERS_KINDS; i++) into->letters[i] += from->letters[i];
    ift_spread_merge(&into->rounds, &from->rounds);
    ift_spread_merge(&into->text, &from->text);
    ift_spread_merge(&into->tokens, &from->tokens);
    into->text_bytes += from->text_bytes;
    absorb_longest(into, from);
    ift_seen_absorb(&into->asked, &from->asked);
    ift_seen_absorb(&into->whole, &from->whole);
    ift_census_release(from);
}

void ift_census_finish(struct ift_census *g, struct ift_stats *stats) {
    *stats = (struct ift_stats){
        .records = g->records,
        .rounds = ift_spread_summary(&g->rounds),
        .text = ift_spread_summary(&g->text),
        .tokens = ift_spread_summary(&g->tokens),
        .text_bytes = g->text_bytes,
        .asked_again = g->records - ift_seen_count(&g->asked),
        .whole_again = g->records - ift_seen_count(&g->whole),
        .longest = ift_strdup(g->longest),
        .source = g->sources ? NULL : ift_strdup(g->source),
    };
    memcpy(stats->has, g->has, sizeof stats->has);
    memcpy(stats->letters, g->letters, sizeof stats->letters);
    for (int i = 0; i < IFT_STATS_FIELDS; i++) {
        stats->characters[i] = ift_spread_summary(&g->characters[i]);
        stats->bytes[i] = ift_spread_summary(&g->bytes[i]);
    }
}

void ift_census_release(struct ift_census *g) {
    ift_spread_release(&g->rounds);
    ift_spread_release(&g->text);
    ift_spread_release(&g->tokens);
    for (int i = 0; i < IFT_STATS_FIELDS; i++) {
        ift_spread_release(&g->characters[i]);
        ift_spread_release(&g->bytes[i]);
    }
    ift_seen_release(&g->asked);
    ift_seen_release(&g->whole);
    free(g->longest);
    free(g->source);
    *g = (struct ift_census){0};
}
