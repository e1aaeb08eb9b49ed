/* Prompts: the text, which bytes of it are learned, where control tokens stand, and what is
 * refused. */
#include <unistd.h>

#include "libcore/text/prompt.h"
#include "tests/unit/check.h"

static struct ift_tokenizer *tokenizer;

static void write_file(const char *path, const char *text) {
    FILE *const f = fopen(path, "wb");
    CHECK(f && fwrite(text, 1, strlen(text), f) == strlen(text) && fclose(f) == 0);
}

/* Renders a record and spells it with what is learned in <> and marks as [id]. */
static void check_render(const char *prompt, const char *record, bool ask, const char *want) {
    struct ift_err err = {0};
    struct ift_prompt *p = NULL;
    struct ift_record r = {0};
    struct ift_rendering out = {0};
    struct ift_str got = {0};
    CHECK_OK(ift_prompt_open(&p, &(struct ift_prompt_opts){.name = prompt}, tokenizer, &err), &err);
    if (!p) return;
    CHECK_OK(ift_record_parse(&r, record, strlen(record), &err), &err);
    if (ift_prompt_render(p, &r, ask, &out, &err) < 0) {
        ift_str_addf(&got, "! %s", err.text);
    } else {
        size_t mark = 0, span = 0;
        for (size_t i = 0; i <= out.text.n; i++) {
            if (span < out.nlearn && out.learn[span].to == i) ift_str_addc(&got, '>'), span++;
            if (span < out.nlearn && out.learn[span].from == i) ift_str_addc(&got, '<');
            if (mark < out.nmarks && out.mark[mark].from == i) {
                ift_str_addf(&got, "[%d]", out.mark[mark].id);
                i = out.mark[mark++].to - 1;
            } else if (i < out.text.n) {
                ift_str_addc(&got, out.text.p[i]);
            }
        }
    }
    CHECK_STR(got.p, want);
    ift_str_release(&got);
    ift_rendering_release(&out);
    ift_record_release(&r);
    ift_prompt_free(p);
}

#define BELOW         "Below is an instruction that describes a task"
#define APPROPRIATELY "Write a response that appropriately completes the request.\n\n"

static void test_alpaca(void) {
    check_render("alpaca", "{\"instruction\":\"Say\\nit.\",\"input\":\"\",\"output\":\"It </s>\"}",
                 false,
                 BELOW ". " APPROPRIATELY
                       "### Instruction:\nSay\nit.\n\n### Response:<It </s>[1]>");
    check_render("alpaca", "{\"instruction\":\"Add.\",\"input\":\"{output}\",\"output\":\"3\"}",
                 false,
                 BELOW ", paired with an input that provides further context. " APPROPRIATELY
                       "### Instruction:\nAdd.\n\n### Input:\n{output}\n\n### Response:<3[1]>");
    check_render("alpaca", "{\"instruction\":\"Add.\",\"input\":\"\",\"output\":\"3\"}", true,
                 BELOW ". " APPROPRIATELY "### Instruction:\nAdd.\n\n### Response:");
    check_render("alpaca-lora", "{\"instruction\":\"Add.\",\"input\":\"\",\"output\":\"3\"}", false,
                 BELOW ". " APPROPRIATELY "### Instruction:\nAdd.\n\n### Response:\n<3[1]>");
    check_render("alpaca",
                 "{\"instruction\":\"\",\"input\":\"\",\"output\":\"\",\"messages\":["
                 "{\"role\":\"user\",\"content\":\"a\"},"
                 "{\"role\":\"assistant\",\"content\":\"b\",\"train\":false},"
                 "{\"role\":\"user\",\"content\":\"c\"},"
                 "{\"role\":\"assistant\",\"content\":\"d\"}]}",
                 false,
                 BELOW ". " APPROPRIATELY "### Instruction:\na\n\n### Response:b[1]\n\n"
                       "### Instruction:\nc\n\n### Response:<d[1]>");
}

static void test_slots(void) {
    write_file("own.json",
               "{\"about\":\"x\",\"begin\":\"{bos}{token </s>}\",\"begin_system\":\"{{{system}}}\","
               "\"user\":\"{turn}:{instruction};\",\"answer\":\"{output}{eos}!\",\"next\":\"|\"}");
    check_render("./own.json", "{\"instruction\":\"q\",\"input\":\"\",\"output\":\"a\"}", false,
                 "[1]1:q;<a[1]!>");
    check_render("./own.json",
                 "{\"instruction\":\"q\",\"input\":\"\",\"output\":\"a\",\"system\":\"s\"}", false,
                 "{s}1:q;<a[1]!>");
    check_render("./own.json", "{\"instruction\":\"q\",\"input\":\"i\",\"output\":\"a\"}", false,
                 "! ./own.json has no place for an \"input\"");
    check_render("./own.json",
                 "{\"instruction\":\"\",\"input\":\"\",\"output\":\"\",\"messages\":["
                 "{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"q\"}]}",
                 true, "{s}1:q;");
    check_render("./own.json",
                 "{\"instruction\":\"\",\"input\":\"\",\"output\":\"\",\"messages\":["
                 "{\"role\":\"user\",\"content\":\"q\"}]}",
                 false, "! \"messages\" ends without an answer");
    check_render("./own.json",
                 "{\"instruction\":\"\",\"input\":\"\",\"output\":\"\",\"messages\":["
                 "{\"role\":\"assistant\",\"content\":\"q\"}]}",
                 false, "! message 1: a system or user is expected, not \"assistant\"");
}

static void test_refusals(void) {
    static const char *const bad[][2] = {
        {"{\"about\":\"x\",\"user\":\"{instruction}\"}", "\"user\" and \"answer\" are required"},
        {"{\"user\":\"{instruction}\",\"answer\":\"{output}\"}", "\"about\" is required"},
        {"{\"about\":\"x\",\"user\":\"{instruction}\",\"answer\":\"{output}\",\"rounds\":1}",
         "\"rounds\": an object is expected"},
        {"{\"about\":\"x\",\"user\":\"{instruction}\",\"answer\":\"{output}\","
         "\"rounds\":{\"user\":\"{instruction}\"}}",
         "\"rounds\": \"user\" and \"answer\" are required"},
        {"{\"about\":\"x\",\"user\":\"{instruction}\",\"answer\":\"{out}\"}", "unknown slot {out}"},
        {"{\"about\":\"x\",\"user\":\"{instruction\",\"answer\":\"{output}\"}",
         "a brace that does not pair"},
        {"{\"about\":\"x\",\"user\":\"}\",\"answer\":\"{output}\"}", "a brace that does not pair"},
        {"{\"about\":\"x\",\"user\":\"{instruction}{output}\",\"answer\":\"{output}\"}",
         "only an answer may"},
        {"{\"about\":\"x\",\"user\":\"{instruction}\",\"answer\":\"\"}",
         "\"answer\" must have {output}"},
        {"{\"about\":\"x\",\"user\":\"{instruction}{token <nope>}\",\"answer\":\"{output}\"}",
         "<nope>"},
        {"{\"usr\":\"\"}", "unknown key \"usr\""},
        {"[]", "an object is expected"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ift_err err = {0};
        struct ift_prompt *p;
        write_file("bad.json", bad[i][0]);
        CHECK_INT(ift_prompt_open(&p, &(struct ift_prompt_opts){.name = "./bad.json"}, tokenizer,
                                  &err),
                  -1);
        if (!strstr(err.text, bad[i][1])) CHECK_STR(err.text, bad[i][1]);
    }
}

/* The tokens of a rendering are those of its text, and what is learned follows from places. */
static void test_tokens(void) {
    struct ift_err err = {0};
    struct ift_prompt *p = NULL;
    struct ift_record r = {0};
    struct ift_rendering out = {0};
    struct ift_tokens tokens = {0};
    uint8_t *learn = NULL;
    size_t cap = 0, straddling;
    struct ift_encoder *const e = ift_encoder_new(tokenizer);
    const char record[] = "{\"instruction\":\"what th\",\"input\":\"\",\"output\":\"at is\"}";
    write_file("edge.json",
               "{\"about\":\"x\",\"user\":\"{instruction}\",\"answer\":\"{output}{eos}\"}");
    CHECK_OK(ift_prompt_open(&p, &(struct ift_prompt_opts){.name = "./edge.json"}, tokenizer, &err),
             &err);
    CHECK_OK(ift_record_parse(&r, record, sizeof record - 1, &err), &err);
    CHECK_OK(ift_prompt_render(p, &r, false, &out, &err), &err);
    for (int train = 0; train < 2; train++) {
        CHECK_OK(ift_rendering_tokens(&out, e, train ? IFT_STRADDLE_TRAIN : IFT_STRADDLE_MASK,
                                      &tokens, &learn, &cap, &straddling, &err),
                 &err);
        CHECK_INT(straddling, 1);
        CHECK_INT(tokens.n, 5); /* w, hat, " that", " is", </s> */
        CHECK_INT(tokens.id[4], 1);
        for (size_t i = 0; i < tokens.n; i++) CHECK_INT(learn[i], i > 2 || (train && i == 2));
    }
    ift_encoder_free(e);
    ift_tokens_release(&tokens);
    ift_rendering_release(&out);
    ift_record_release(&r);
    ift_prompt_free(p);
    free(learn);
}

int main(void) {
    struct ift_err err = {0};
    const char *const src = getenv("SRC");
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/tests/golden/vocab", src && *src ? src : ".");
    CHECK_OK(ift_tokenizer_open(&tokenizer, path.p, &err), &err);
    if (!tokenizer) return 1;
    test_alpaca();
    test_slots();
    test_refusals();
    test_tokens();
    ift_tokenizer_free(tokenizer);
    ift_str_release(&path);
    return check_done();
}
