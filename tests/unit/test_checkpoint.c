/* Checkpoints: what is written comes back bit by bit; damage is passed over; other settings are
 * refused by name. */
#include <dirent.h>
#include <sys/stat.h>

#include "libcore/train/checkpoint.h"
#include "libcore/train/trainer.h"
#include "tests/unit/golden.h"

static struct ift_device device;

struct rig {
    struct ift_model *m;
    struct ift_peft *p;
    struct ift_trainer *t;
    struct ift_optim *o;
};

static void need(int rc, const struct ift_err *err) {
    if (rc >= 0) return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static struct rig make_rig(const char *method, uint64_t seed) {
    struct ift_err err = {0};
    struct rig r = {0};
    char *const model = golden_path("SRC", "tests/golden/model/llama/model");
    const struct ift_peft_options o = {.method = method, .rank = 2, .targets = "", .seed = seed};
    need(ift_model_open(&r.m, model, &err), &err);
    need(ift_peft_new(&r.p, r.m, &o, &err), &err);
    const struct ift_trainer_config c = {.optim = {0.9, 0.999, 1e-8, 0, 1}, .tokens = 32};
    need(ift_trainer_new(&r.t, r.m, r.p, &device, &c, &err), &err);
    r.o = ift_trainer_optim(r.t);
    free(model);
    return r;
}

static void release(struct rig *r) {
    ift_trainer_free(r->t);
    ift_peft_free(r->p);
    ift_model_free(r->m);
}

static void learn(struct rig *r, int steps) {
    struct ift_err err = {0};
    struct ift_corpus *c = ift_corpus_new(131, 32);
    const int32_t id[] = {1, 5, 9, 20, 33, 2};
    const struct ift_row row = {id, (const uint8_t[]){0, 1, 1, 0, 1, 1}, 6, (const uint32_t[]){6},
                                1};
    need(ift_corpus_add(c, &row, "row", &err), &err);
    struct ift_update u;
    for (int i = 0; i < steps; i++)
        need(ift_trainer_update(r->t, c, (const uint32_t[]){0}, 1, 1e-2, &u, &err), &err);
    ift_corpus_free(c);
}

static float *fetch(const struct ift_operand *t) {
    struct ift_err err = {0};
    float *v = ift_alloc(ift_operand_bytes(t));
    need(ift_device_download(&device, v, t, &err), &err);
    return v;
}

static bool same(const struct ift_operand *a, const struct ift_operand *b) {
    float *x = fetch(a), *y = fetch(b);
    const bool equal = memcmp(x, y, ift_operand_bytes(a)) == 0;
    free(x);
    free(y);
    return equal;
}

static bool same_state(const struct rig *a, const struct rig *b) {
    bool equal = ift_optim_count(a->o) == ift_optim_count(b->o) &&
                 ift_optim_steps(a->o) == ift_optim_steps(b->o);
    for (size_t i = 0; equal && i < ift_optim_count(a->o); i++) {
        const struct ift_optim_param *x = ift_optim_at(a->o, i), *y = ift_optim_at(b->o, i);
        equal = same(&x->value, &y->value) && same(&x->m, &y->m) && same(&x->v, &y->v);
    }
    return equal;
}

static void save(struct rig *r, const char *settings) {
    struct ift_err err = {0};
    const struct ift_checkpoint c = {ift_optim_steps(r->o), settings, "[]"};
    need(ift_checkpoint_write("run", &c, r->o, r->p, &device, &err), &err);
}

static int resume(struct rig *r, const char *settings, long long *step, struct ift_str *notes,
                  struct ift_err *err) {
    ift_str_clear(notes);
    *err = (struct ift_err){0};
    return ift_checkpoint_resume("run", settings, r->o, &device, step, notes, err);
}

/* Changes one byte in the middle of a file. */
static void damage(const char *path) {
    FILE *f = fopen(path, "r+b");
    fseek(f, 0, SEEK_END);
    const long at = ftell(f) / 2;
    fseek(f, at, SEEK_SET);
    const int was = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(was ^ 1, f);
    fclose(f);
}

static void list_is(const char *want) {
    struct ift_err err = {0};
    struct ift_str got = {0};
    long long *step = NULL;
    size_t n = 0;
    need(ift_checkpoint_list("run", &step, &n, &err), &err);
    ift_str_clear(&got);
    for (size_t i = 0; i < n; i++) ift_str_addf(&got, "%s%lld", i ? " " : "", step[i]);
    CHECK_STR(got.p ? got.p : "", want);
    free(step);
    ift_str_release(&got);
}

static void round_trip(const char *method) {
    static const char settings[] = "{\"lr\":0.01,\"rows\":\"xxh3:00\"}";
    struct ift_err err;
    struct ift_str notes = {0};
    long long step = -1;
    struct rig a = make_rig(method, 1), b = make_rig(method, 2);
    CHECK_INT(resume(&a, settings, &step, &notes, &err), 0); /* no folder yet */
    mkdir("run", 0777);
    CHECK_INT(resume(&a, settings, &step, &notes, &err), 0); /* nothing in it */
    list_is("");
    learn(&a, 2);
    save(&a, settings);
    learn(&a, 1);
    save(&a, settings);
    learn(&a, 9);
    save(&a, settings);
    list_is("12 3 2"); /* by number, not by letters */
    CHECK(!same_state(&a, &b));
    CHECK_INT(resume(&b, settings, &step, &notes, &err), 1);
    CHECK_INT(step, 12);
    CHECK(same_state(&a, &b));
    CHECK_INT(notes.n, 0);
    learn(&a, 2);
    learn(&b, 2);
    CHECK(same_state(&a, &b)); /* and it goes on the same way */

    damage("run/checkpoint-12/state.safetensors");
    CHECK_INT(resume(&b, settings, &step, &notes, &err), 1);
    CHECK_INT(step, 3);
    CHECK_STR(notes.p, "passed over: run/checkpoint-12/state.safetensors is damaged\n");
    CHECK_INT(truncate("run/checkpoint-3/checkpoint.json", 20), 0);
    CHECK_INT(resume(&b, settings, &step, &notes, &err), 1);
    CHECK_INT(step, 2);

    CHECK_INT(resume(&b, "{\"lr\":0.02,\"rows\":\"xxh3:00\"}", &step, &notes, &err), -1);
    CHECK_STR(
        err.text,
        "run/checkpoint-2 was made with lr 0.01, this run has 0.02: resume with the same settings, "
        "or choose another folder");
    CHECK_INT(resume(&b, "{\"lr\":0.01,\"new\":1}", &step, &notes, &err), -1);
    CHECK(strstr(err.text, "new not set, this run has 1") != NULL);
    ift_str_release(&notes);
    release(&a);
    release(&b);
}

static void pruning(void) {
    struct ift_err err = {0};
    mkdir("run/.checkpoint-40.tmp", 0777);
    mkdir("run/.checkpoint-40.tmp/.ift-1-0", 0777);
    mkdir("run/.ift-99-0", 0777);
    mkdir("run/mine", 0777);
    need(ift_checkpoint_prune("run", 0, &err), &err);
    list_is("12 3 2");
    CHECK(access("run/.checkpoint-40.tmp", F_OK) != 0);
    CHECK(access("run/.ift-99-0", F_OK) != 0);
    need(ift_checkpoint_prune("run", 1, &err), &err);
    list_is("12");
    CHECK(access("run/mine", F_OK) == 0);
}

int main(void) {
    struct ift_err err = {0};
    if (!getenv("SRC")) check_skip("SRC is not set");
    need(ift_device_open(&device, "cpu", 2, &err), &err);
    round_trip("lora");
    pruning();
    CHECK_INT(system("rm -r run"), 0);
    round_trip("none");
    CHECK_INT(system("rm -r run"), 0);
    ift_device_close(&device);
    return check_done();
}
