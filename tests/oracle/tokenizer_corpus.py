#!/usr/bin/env python3
"""Every family's ids on much real text and on fuzzed strings, against the original libraries (sentencepiece 0.2.1,
tokenizers 0.23.3, tiktoken 0.14.0). Vocabularies are those of TOK, which is laid out as tests/unit/test_tokenizer_vectors.c
has it; TEXTS.jsonl has a "text" a line.

  tokenizer_corpus.py BIN TOK TEXTS.jsonl FUZZ SEED [NAME..]   FUZZ: how many fuzzed strings for each family

A line of the result: family, MB, texts and fuzzed strings compared, digest of the ids, how many texts have other ids, how many
decode to another text.
"""
import base64, hashlib, json, os, random, subprocess, sys, tempfile

import orjson

QWEN = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


class Spm:
    control = False
    stated = {}

    def __init__(self, path):
        import sentencepiece
        self.p = sentencepiece.SentencePieceProcessor(model_file=path)
        self.pieces = [self.p.id_to_piece(i).replace("\u2581", " ") for i in range(self.p.get_piece_size())]

    def encode(self, texts):
        return [self.p.encode(t) for t in texts]

    def decode(self, ids):
        return self.p.decode(ids)


class Icetk(Spm):
    """tokenization_chatglm.py around the model; `first` is num_image_tokens."""

    def __init__(self, path, first=0):
        super().__init__(path)
        self.first = first

    def spell(self, text):
        text = text.replace("\n", "<n>").replace("\t", "<|tab|>")
        for n in range(80, 1, -1):
            text = text.replace(" " * n, "<|blank_%d|>" % n)
        return text

    def encode(self, texts):
        return [[i + self.first for i in self.p.encode(self.spell(t))] for t in texts]

    def decode(self, ids):
        text = self.p.decode([i - self.first for i in ids]).replace("<n>", "\n").replace("<|tab|>", "\t")
        for n in range(2, 81):
            text = text.replace("<|blank_%d|>" % n, " " * n)
        return text


class Hf:
    """stated: ids of added tokens -> those that the file states, which are ours. tokenizers numbers them one after the other
    behind the vocabulary; only a file that leaves ids out has any (llama3/tokenizer.rebuilt.json, not the published one)."""

    control = True

    def __init__(self, path):
        import tokenizers
        self.t = tokenizers.Tokenizer.from_file(path)
        self.pieces = [self.t.decode([i]) for i in range(self.t.get_vocab_size())]
        self.stated = {self.t.token_to_id(a["content"]): a["id"] for a in json.load(open(path))["added_tokens"]}
        self.stated = {i: k for i, k in self.stated.items() if i != k}
        self.normalized = {i for i, a in self.t.get_added_tokens_decoder().items() if a.special and a.normalized}

    def encode(self, texts):
        return [e.ids for e in self.t.encode_batch(texts, add_special_tokens=False)]

    def decode(self, ids):
        return self.t.decode([i for i in ids if i not in self.normalized], skip_special_tokens=True)


class Tiktoken:
    control = False
    stated = {}

    def __init__(self, path, pattern, nfc=False):
        import tiktoken
        import unicodedata
        ranks = {base64.b64decode(a): int(b) for a, b in (line.split() for line in open(path, "rb") if line.strip())}
        self.t = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        self.form = (lambda t: unicodedata.normalize("NFC", t)) if nfc else (lambda t: t)
        self.pieces = [x.decode("utf-8", "replace") for x in ranks]

    def encode(self, texts):
        return self.t.encode_ordinary_batch([self.form(t) for t in texts], num_threads=1)

    def decode(self, ids):
        return self.t.decode(ids)


QWEN2 = dict(tokenizer_class="Qwen2Tokenizer", added_tokens_decoder={
    "151643": dict(content="<|endoftext|>", special=True), "151644": dict(content="<|im_start|>", special=True),
    "151645": dict(content="<|im_end|>", special=True)})
MOSS = "moss/vocab.derived.json>vocab.json moss/merges.txt moss/added_tokens.json moss/special_tokens_map.json moss/config.json"
FAMILIES = {
    # name: (vocabulary: a path, or files of a folder and its tokenizer_config.json; library and its arguments)
    "llama": ("llama/tokenizer.model", None, Spm, "llama/tokenizer.model"),
    "llama.json": ("llama/hf_tokenizer.json", None, Hf, "llama/hf_tokenizer.json"),
    "chinese-llama": ("chinese-llama/tokenizer.llama.model", None, Spm, "chinese-llama/tokenizer.llama.model"),
    "chinese-alpaca": ("chinese-llama/tokenizer.alpaca.model", None, Spm, "chinese-llama/tokenizer.alpaca.model"),
    "baichuan": ("baichuan/tokenizer.rebuilt.model", None, Spm, "baichuan/tokenizer.rebuilt.model"),
    "baichuan2": ("baichuan2/tokenizer.model", None, Spm, "baichuan2/tokenizer.model"),
    "internlm": ("internlm/V7_sft.model", None, Spm, "internlm/V7_sft.model"),
    "chatglm2": ("chatglm2", None, Spm, "chatglm2/tokenizer.model"),
    "chatglm": ("chatglm", None, Icetk, "chatglm/ice_text.model"),
    "chatglm-old": ("chatglm/ice_text.model chatglm/config.json", dict(tokenizer_class="ChatGLMTokenizer"), Icetk,
                    "chatglm/ice_text.model", 20000),
    "chinese_sp": ("chinese-llama/chinese_sp.model", None, Spm, "chinese-llama/chinese_sp.model"),
    "spm-test-ja": ("spm-test/test_ja_model.model", None, Spm, "spm-test/test_ja_model.model"),
    "gpt2": ("gpt2/encoder.json gpt2/vocab.bpe", None, Hf, "gpt2/tokenizer.json"),
    "moss": (MOSS, None, Hf, "moss/tokenizer.derived.json"),
    "qwen": ("qwen", None, Tiktoken, "qwen/qwen.tiktoken", QWEN, True),
    "qwen2": ("qwen2/vocab.json qwen2/merges.txt", QWEN2, Hf, "qwen2/tokenizer.json"),
    "llama3": ("llama3/tokenizer.model llama3/hf_tokenizer_config.json>tokenizer_config.json", None, Tiktoken,
               "llama3/tokenizer.model", LLAMA3),
    "llama3.json": ("llama3/tokenizer.rebuilt.json", None, Hf, "llama3/tokenizer.rebuilt.json"),
    "bloom-standin": ("bloom/standin.tokenizer.json", None, Hf, "bloom/standin.tokenizer.json"),
}


def vocabulary(tok, spec, config, scratch):
    if " " not in spec and ">" not in spec and not config:
        return os.path.join(tok, spec)
    folder = tempfile.mkdtemp(dir=scratch)
    for item in spec.split():
        source, _, name = item.partition(">")
        os.symlink(os.path.abspath(os.path.join(tok, source)), os.path.join(folder, name or os.path.basename(source)))
    if config:
        with open(folder + "/tokenizer_config.json", "x") as f:
            json.dump(config, f)
    return folder


def fuzzed(r, pieces):
    """One string of the vocabulary's own pieces, of any characters, of blanks, of what repeats."""
    out = []
    for _ in range(r.choice([1, 2, 3, 5, 8, 13, 30])):
        x = r.random()
        if x < 0.55:
            out.append(r.choice(pieces))
        elif x < 0.7:
            out.append(r.choice([" ", "  ", "\n", "\r\n", "\t", "\u3000", "\u00a0", "   ", "\n\n", "'s", "'LL", "\u2581", "\0"]))
        elif x < 0.8:
            out.append(chr(r.choice([r.randrange(0x20, 0x7f), r.randrange(0xa0, 0x700), r.randrange(0x4e00, 0xa000)])))
        elif x < 0.9:
            code = r.randrange(0x110000)
            out.append(chr(code) if not 0xd800 <= code < 0xe000 else "e\u0301")
        elif x < 0.95:
            out.append(r.choice(["e\u0301", "\u1100\u1161\u11a8", "\u0915\u093c", "A\u030a", "\u0323\u0307", "1234567", "\u0660\u0661"]))
        else:
            out.append(r.choice([" ", "a", "中", "\n", "!", "0", "ab"]) * r.randrange(2, 120))
    return "".join(out)


def run(binary, lines, *args):
    data = b"".join(orjson.dumps(x) + b"\n" for x in lines)
    done = subprocess.run([binary, "-q", "-j1", *args] if "detok" not in binary else [binary, "-q", *args], input=data,
                          stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit("%s %s failed" % (binary, " ".join(args)))
    return [orjson.loads(x) for x in done.stdout.splitlines()]


def compare(bindir, vocab, lib, texts, digest, shown):
    """Rows of fewer than two tokens teach nothing and are left out by ift-tokenize."""
    want = [(t, w, [lib.stated.get(i, i) for i in w]) for t, w in zip(texts, lib.encode(texts)) if len(w) > 1]
    more = ["--parse-control"] if lib.control else []
    rows = run(bindir + "/ift-tokenize", [dict(text=t) for t, _, _ in want], "--bare", "--as", "jsonl", "--vocab", vocab, *more)
    if len(rows) != len(want):
        sys.exit("%d rows for %d texts" % (len(rows), len(want)))
    back = run(bindir + "/ift-detokenize", [dict(ids=s) for _, _, s in want], "--vocab", vocab)
    ids = decoded = 0
    for (text, w, s), row, b in zip(want, rows, back):
        digest.update(orjson.dumps(row["ids"]))
        if row["ids"] != s:
            ids += 1
            if ids + shown < 4:
                k = next((i for i, (x, y) in enumerate(zip(row["ids"], s)) if x != y), min(len(s), len(row["ids"])))
                print("  %r…: at %d got %s want %s" % (text[:60], k, row["ids"][k:k + 8], s[k:k + 8]))
        d = lib.decode(w)
        if b["text"] != d:
            decoded += 1
            if decoded + shown < 4:
                print("  decoded %r…\n      want %r…" % (b["text"][:80], d[:80]))
    return len(want), ids, decoded


def main(bindir, tok, path, nfuzz, seed, names):
    texts = [orjson.loads(x)["text"] for x in open(path, "rb")]
    size = sum(len(t.encode()) for t in texts)
    worst = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or FAMILIES:
            spec, config, library, source, *args = FAMILIES[name]
            vocab, lib = vocabulary(tok, spec, config, scratch), library(os.path.join(tok, source), *args)
            r, digest, total = random.Random(seed), hashlib.sha256(), [0, 0, 0]
            for at in range(0, len(texts), 4000):
                got = compare(bindir, vocab, lib, texts[at:at + 4000], digest, total[1])
                total = [a + b for a, b in zip(total, got)]
            fuzz = [0, 0, 0]
            for at in range(0, nfuzz, 50000):
                got = compare(bindir, vocab, lib, [fuzzed(r, lib.pieces) for _ in range(min(50000, nfuzz - at))], digest,
                              total[1] + fuzz[1])
                fuzz = [a + b for a, b in zip(fuzz, got)]
            print("%-15s %5.1f MB %6d texts + %7d fuzzed  %s  ids wrong %d + %d  decoded wrong %d + %d"
                  % (name, size / 1e6, total[0], fuzz[0], digest.hexdigest()[:16], total[1], fuzz[1], total[2], fuzz[2]), flush=True)
            worst += sum(total[1:]) + sum(fuzz[1:])
    return worst


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6:]) != 0)
