#include "libcore/data/stats.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/data/filter.h"
#include "libcore/data/census.h"

const char *const ift_stats_field_name[] = {"instruction", "input", "output", "rationale"};
const char *const ift_stats_has_name[] = {"input", "rationale", "system", "messages",
                                          "empty_output"};

/* --by is for keys of few values; one that every record has for itself is a mistake. */
enum { MANY_GROUPS = 10000 };

/* Records without the key. */
static const char none[] = "(none)";

struct group {
    char *name;
    struct ift_census census;
};

/* Collections by name. A zeroed struct is empty. */
struct groups {
    struct group *list;
    size_t n, cap;
    uint32_t *slot; /* 1 + index, by hash of the name */
    size_t slots;
    bool few; /* at most MANY_GROUPS are made */
    bool too_many;
};

struct job {
    const struct ift_stats_job *asked;
    const struct ift_run *run;
    struct ift_letters_table *scripts;
    struct groups groups; /* of all workers, once they are done */
    struct ift_census total;
    struct ift_out *out;
};

struct worker {
    struct ift_record record;
    struct ift_census_reader reader;
    struct groups groups;
    struct ift_census total; /* with --by only, for a record may be in several groups */
    struct ift_str file, name;
    size_t operand; /* the collection of records from `file` */
};

/* ---- groups ---- */

static uint32_t *slot_of(const struct groups *g, struct ift_slice name) {
    size_t i = ift_hash(name.p, name.n) & (g->slots - 1);
    while (g->slot[i] && !ift_slice_is(name, g->list[g->slot[i] - 1].name))
        i = (i + 1) & (g->slots - 1);
    return &g->slot[i];
}

static void make_slots(struct groups *g) {
    if (2 * (g->n + 1) <= g->slots) return;
    free(g->slot);
    g->slots = g->slots ? 2 * g->slots : 16;
    g->slot = ift_alloc0(g->slots, sizeof *g->slot);
    for (size_t i = 0; i < g->n; i++) *slot_of(g, ift_slice(g->list[i].name)) = (uint32_t)(i + 1);
}

/* Its index; it is made when there is none. */
static size_t find_group(struct groups *g, struct ift_slice name) {
    make_slots(g);
    uint32_t *const slot = slot_of(g, name);
    if (*slot) return *slot - 1;
    if (g->few && g->n >= MANY_GROUPS) {
        g->too_many = true; /* an error, once all is read: which record it was depends on -j */
        return 0;
    }
    g->list = ift_grow(g->list, g->n + 1, &g->cap, sizeof *g->list);
    g->list[g->n++] = (struct group){.name = ift_strndup(name.p, name.n)};
    *slot = (uint32_t)g->n;
    return g->n - 1;
}

static void absorb_groups(struct groups *into, struct groups *from) {
    for (size_t i = 0; i < from->n; i++) {
        const size_t k = find_group(into, ift_slice(from->list[i].name));
        ift_census_absorb(&into->list[k].census, &from->list[i].census);
    }
    into->too_many |= from->too_many;
}

static void groups_release(struct groups *g) {
    for (size_t i = 0; i < g->n; i++) {
        free(g->list[i].name);
        ift_census_release(&g->list[i].census);
    }
    free(g->list);
    free(g->slot);
    *g = (struct groups){0};
}

/* ---- workers ---- */

static void *worker_new(void *ctx, struct ift_err *err) {
    (void)err;
    const struct job *const job = ctx;
    const struct ift_stats_counter *const counter = job->asked->counter;
    struct worker *const w = ift_alloc0(1, sizeof *w);
    w->reader = (struct ift_census_reader){
        .scripts = job->scripts,
        .counter = counter,
        .counting = counter ? counter->open(counter->ctx) : NULL,
        .hash = job->asked->again,
    };
    w->groups.few = job->groups.few;
    return w;
}

/* Hands over what the worker has gathered. */
static void worker_free(void *ctx, void *local) {
    struct job *const job = ctx;
    struct worker *const w = local;
    absorb_groups(&job->groups, &w->groups);
    ift_census_absorb(&job->total, &w->total);
    groups_release(&w->groups);
    if (w->reader.counter) w->reader.counter->close(w->reader.counting);
    ift_census_reader_release(&w->reader);
    ift_record_release(&w->record);
    ift_str_release(&w->file);
    ift_str_release(&w->name);
    free(w);
}

/* Bytes of a path without the slashes that may end a folder's. */
static size_t path_length(const char *path) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    return n;
}

/* The operand that a file, one of a folder or a member of an archive, "x.zip:a.jsonl", came with.
 */
static const char *operand_of(const struct ift_run *run, const char *file) {
    const char *best = file;
    size_t length = 0;
    for (size_t i = 0; i < run->noperands; i++) {
        const size_t n = path_length(run->operand[i]);
        if (n <= length || strncmp(file, run->operand[i], n) != 0) continue;
        if (file[n] != '\0' && file[n] != ':' && file[n] != '/') continue;
        best = run->operand[i];
        length = n;
    }
    return best;
}

static void add_to(struct worker *w, struct ift_slice name, const struct ift_census_facts *facts,
                   const struct ift_item *item) {
    const size_t i = find_group(&w->groups, name);
    ift_census_add(&w->groups.list[i].census, facts, item, w->reader.hash);
}

static void add_by_operand(const struct job *job, struct worker *w,
                           const struct ift_census_facts *facts, const struct ift_item *item) {
    if (!w->file.p || strcmp(w->file.p, item->file) != 0) {
        ift_str_clear(&w->file);
        ift_str_adds(&w->file, item->file);
        w->operand = find_group(&w->groups, ift_slice(operand_of(job->run, item->file)));
    }
    ift_census_add(&w->groups.list[w->operand].census, facts, item, w->reader.hash);
}

/* The text of one value of --by's key. */
static int name_of(const struct job *job, struct worker *w, int v, struct ift_err *err) {
    const struct ift_json *const doc = &w->record.doc;
    ift_str_clear(&w->name);
    if (ift_json_is(doc, v, IFT_JSON_STRING)) {
        ift_json_text(doc, v, &w->name);
    } else if (ift_json_is(doc, v, IFT_JSON_OBJECT) || ift_json_is(doc, v, IFT_JSON_ARRAY)) {
        return IFT_FAIL(err, "\"%s\" holds neither a text nor a list of texts", job->asked->by);
    } else {
        const struct ift_slice raw = ift_json_raw(doc, v);
        ift_str_add(&w->name, raw.p, raw.n);
    }
    if (memchr(w->name.p, '\0', w->name.n))
        return IFT_FAIL(err, "\"%s\" holds a NUL character", job->asked->by);
    return 0;
}

/* Has element v of a list come before? */
static bool repeats(const struct ift_json *doc, int list, int v) {
    for (int u = ift_json_first(doc, list); u < v; u = ift_json_next(doc, list, u)) {
        if (ift_slice_eq(ift_json_raw(doc, u), ift_json_raw(doc, v))) return true;
    }
    return false;
}

static int add_by_key(const struct job *job, struct worker *w, const struct ift_census_facts *facts,
                      const struct ift_item *item, struct ift_err *err) {
    const struct ift_json *const doc = &w->record.doc;
    const int key = ift_json_get(doc, 0, job->asked->by);
    const bool list = ift_json_is(doc, key, IFT_JSON_ARRAY);
    /* All is checked before anything is counted. */
    for (int v = list ? ift_json_first(doc, key) : -1; v >= 0; v = ift_json_next(doc, key, v))
        IFT_TRY(name_of(job, w, v, err));
    if (key < 0 || ift_json_is(doc, key, IFT_JSON_NULL) || (list && !doc->node[key].count)) {
        add_to(w, ift_slice(none), facts, item);
    } else if (!list) {
        IFT_TRY(name_of(job, w, key, err));
        add_to(w, ift_str_slice(&w->name), facts, item);
    } else {
        for (int v = ift_json_first(doc, key); v >= 0; v = ift_json_next(doc, key, v)) {
            if (repeats(doc, key, v)) continue;
            IFT_TRY(name_of(job, w, v, err));
            add_to(w, ift_str_slice(&w->name), facts, item);
        }
    }
    ift_census_add(&w->total, facts, item, w->reader.hash);
    return 0;
}

static int map(void *ctx, void *local, const struct ift_item *item, struct ift_emit *emit,
               struct ift_err *err) {
    const struct job *const job = ctx;
    struct worker *const w = local;
    struct ift_census_facts facts;
    IFT_TRY(ift_record_parse(&w->record, item->text.p, item->text.n, err));
    IFT_TRY(ift_census_read(&w->reader, &w->record, &facts, err));
    emit->n++;
    if (job->asked->by) return add_by_key(job, w, &facts, item, err);
    add_by_operand(job, w, &facts, item);
    return 0;
}

/* ---- the page ---- */

/* "data/alpaca.jsonl.gz" is called alpaca. */
static struct ift_slice stem(const char *path) {
    static const char *const suffixes[] = {".gz",  ".zst", ".xz",    ".bz2",  ".lz4",   ".zip",
                                           ".tar", ".tgz", ".jsonl", ".json", ".ndjson"};
    const size_t n = path_length(path);
    const char *const slash = memrchr(path, '/', n);
    const char *const name = slash && n > 1 ? slash + 1 : path;
    struct ift_slice s = {name, n - (size_t)(name - path)};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes;) {
        const size_t k = strlen(suffixes[i]);
        const bool ends = s.n > k && memcmp(s.p + s.n - k, suffixes[i], k) == 0;
        if (ends) s.n -= k;
        i = ends ? 0 : i + 1;
    }
    return s;
}

/* Files are called by their stems, by all of their paths where stems are the same. */
static void name_files(const struct groups *g, struct ift_stats *stats) {
    struct groups stems = {0};
    uint32_t *const uses = ift_alloc0(g->n, sizeof *uses);
    for (size_t i = 0; i < g->n; i++) uses[find_group(&stems, stem(g->list[i].name))]++;
    for (size_t i = 0; i < g->n; i++) {
        const struct ift_slice name = stem(g->list[i].name);
        const bool alone = uses[find_group(&stems, name)] == 1;
        stats[i].name = alone ? ift_strndup(name.p, name.n) : ift_strdup(g->list[i].name);
    }
    free(uses);
    groups_release(&stems);
}

static void name_values(const struct groups *g, struct ift_stats *stats) {
    for (size_t i = 0; i < g->n; i++) stats[i].name = ift_strdup(g->list[i].name);
}

static int by_size(const void *a, const void *b) {
    const struct ift_stats *const x = a, *const y = b;
    if (x->records != y->records) return x->records < y->records ? 1 : -1;
    return strcmp(x->name, y->name);
}

static struct ift_stats_page make_page(struct job *job) {
    struct groups *const g = &job->groups;
    struct ift_stats_page page = {
        .of = ift_alloc(g->n * sizeof *page.of),
        .n = g->n,
        .tokens = job->asked->counter != NULL,
        .again = job->asked->again,
        .by = job->asked->by != NULL,
    };
    for (size_t i = 0; i < g->n; i++) {
        ift_census_finish(&g->list[i].census, &page.of[i]);
        if (!page.by) ift_census_absorb(&job->total, &g->list[i].census);
    }
    ift_census_finish(&job->total, &page.total);
    (page.by ? name_values : name_files)(g, page.of);
    if (page.n) qsort(page.of, page.n, sizeof *page.of, by_size);
    return page;
}

static void page_release(struct ift_stats_page *page) {
    for (size_t i = 0; i <= page->n; i++) {
        struct ift_stats *const s = i < page->n ? &page->of[i] : &page->total;
        free(s->name);
        free(s->longest);
        free(s->source);
    }
    free(page->of);
}

static int begin(void *ctx, struct ift_out *out, struct ift_err *err) {
    (void)err;
    ((struct job *)ctx)->out = out;
    return 0;
}

static int end(void *ctx, uint64_t items, struct ift_err *err) {
    (void)items;
    struct job *const job = ctx;
    if (job->groups.too_many)
        return ift_fail_usage(err, "--by %s: more than %d different values; name a key of few",
                              job->asked->by, MANY_GROUPS);
    struct ift_stats_page page = make_page(job);
    struct ift_str text = {0};
    int status = job->asked->report(job->asked->ctx, &page, &text, err);
    if (status == 0) status = ift_out_write(job->out, text.p, text.n, err);
    ift_str_release(&text);
    page_release(&page);
    return status;
}

uint64_t ift_stats_letters(const struct ift_stats *s) {
    uint64_t all = 0;
    for (int i = 0; i < IFT_LETTERS_KINDS; i++) all += s->letters[i];
    return all;
}

int ift_stats_run(const struct ift_stats_job *asked, const struct ift_run *run,
                  struct ift_err *err) {
    struct job job = {.asked = asked, .run = run, .scripts = ift_letters_table_new()};
    job.groups.few = asked->by != NULL;
    for (size_t i = 0; i < run->noperands && !asked->by; i++) { /* empty ones are seen too */
        const bool standard = strcmp(run->operand[i], "-") == 0;
        find_group(&job.groups, ift_slice(standard ? "stdin" : run->operand[i]));
    }
    const struct ift_filter filter = {
        .member = asked->member,
        .local_new = worker_new,
        .local_free = worker_free,
        .map = map,
        .begin = begin,
        .end = end,
    };
    const int status = ift_filter_run(&filter, &job, run, err);
    groups_release(&job.groups);
    ift_census_release(&job.total);
    free(job.scripts);
    return status;
}
