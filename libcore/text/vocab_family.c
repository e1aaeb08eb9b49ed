#include "libcore/text/vocab_family.h"

#include <string.h>

static const char *const endoftext[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>", NULL};
static const char *const glm[] = {"[MASK]",   "[gMASK]",       "[sMASK]",
                                  "sop",      "eop",           "<|system|>",
                                  "<|user|>", "<|assistant|>", "<|observation|>",
                                  NULL};
static const char *const glm4[] = {"<|endoftext|>", "[MASK]",          "[gMASK]",    "[sMASK]",
                                   "<sop>",         "<eop>",           "<|system|>", "<|user|>",
                                   "<|assistant|>", "<|observation|>", NULL};
static const char *const llama3[] = {"<|begin_of_text|>",
                                     "<|end_of_text|>",
                                     "<|reserved_special_token_0|>",
                                     "<|reserved_special_token_1|>",
                                     "<|finetune_right_pad_id|>",
                                     "<|step_id|>",
                                     "<|start_header_id|>",
                                     "<|end_header_id|>",
                                     "<|eom_id|>",
                                     "<|eot_id|>",
                                     "<|python_tag|>",
                                     "<|image|>",
                                     NULL};

static const struct ift_vocab_family rows[] = {
    /* ChatGLM-6B, both releases */
    {.file = "ice_text.model",
     .format = IFT_VOCAB_SENTENCEPIECE,
     .icetk = true,
     .bos = "<sop>",
     .eos = "<eop>",
     .pad = "<pad>",
     .after = {"[gMASK]", "<sop>"}},
    {.file = "tokenizer.model",
     .format = IFT_VOCAB_TIKTOKEN,
     .class = "ChatGLM4Tokenizer",
     .model_type = "chatglm",
     .pretoken = ift_pretoken_llama3,
     .behind = glm4,
     .eos = "<|endoftext|>",
     .pad = "<|endoftext|>",
     .before = {"[gMASK]", "<sop>"}},
    /* ChatGLM2 and 3; the roles are those of ChatGLM3, in rows that the other's matrix has too */
    {.file = "tokenizer.model",
     .format = IFT_VOCAB_SENTENCEPIECE,
     .class = "ChatGLMTokenizer",
     .model_type = "chatglm",
     .behind = glm,
     .bos = "<s>",
     .eos = "</s>",
     .pad = "<unk>",
     .before = {"[gMASK]", "sop"}},
    {.file = "tokenizer.model",
     .format = IFT_VOCAB_TIKTOKEN,
     .model_type = "llama",
     .bos_token = "<|begin_of_text|>",
     .pretoken = ift_pretoken_llama3,
     .behind = llama3,
     .numbered = "<|reserved_special_token_",
     .from = 2,
     .count = 244,
     .add_bos = true,
     .bos = "<|begin_of_text|>",
     .eos = "<|end_of_text|>"},
    {.file = "qwen.tiktoken",
     .format = IFT_VOCAB_TIKTOKEN,
     .pretoken = ift_pretoken_qwen,
     .nfc = IFT_NFC_LATEST,
     .behind = endoftext,
     .numbered = "<|extra_",
     .count = 205,
     .eos = "<|endoftext|>",
     .pad = "<|endoftext|>"},
    {.file = "vocab.json",
     .merges = "merges.txt",
     .format = IFT_VOCAB_GPT2,
     .class = "Qwen2Tokenizer",
     .model_type = "qwen2",
     .pretoken = ift_pretoken_qwen,
     .nfc = IFT_NFC_9,
     .eos = "<|endoftext|>",
     .pad = "<|endoftext|>"},
    {.file = "vocab.json",
     .merges = "merges.txt",
     .format = IFT_VOCAB_GPT2,
     .class = "MossTokenizer",
     .model_type = "moss",
     .pretoken = ift_pretoken_gpt2,
     .bos = "<|endoftext|>",
     .eos = "<|endoftext|>"},
    {.file = "vocab.json",
     .merges = "merges.txt",
     .format = IFT_VOCAB_GPT2,
     .class = "GPT2Tokenizer",
     .model_type = "gpt2",
     .pretoken = ift_pretoken_gpt2,
     .bos = "<|endoftext|>",
     .eos = "<|endoftext|>"},
    /* as GPT-2 was published */
    {.file = "encoder.json",
     .merges = "vocab.bpe",
     .format = IFT_VOCAB_GPT2,
     .pretoken = ift_pretoken_gpt2,
     .bos = "<|endoftext|>",
     .eos = "<|endoftext|>"},
    {.file = "tokenizer.model", .format = IFT_VOCAB_SENTENCEPIECE, .add_bos = true},
};

const struct ift_vocab_family *ift_vocab_family(size_t i) {
    return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

static bool is_class(const char *want, const char *got) {
    const size_t n = want ? strlen(want) : 0;
    return n > 0 && strncmp(want, got, n) == 0 && (!got[n] || strcmp(got + n, "Fast") == 0);
}

bool ift_vocab_family_marked(const struct ift_vocab_family *f, const struct ift_vocab_marks *m) {
    if (!f->class && !f->model_type && !f->bos_token) return true;
    return is_class(f->class, m->class) ||
           (f->model_type && strcmp(f->model_type, m->model_type) == 0) ||
           (f->bos_token && strcmp(f->bos_token, m->bos_token) == 0);
}
