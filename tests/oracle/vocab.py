#!/usr/bin/env python3
"""ift-vocab against the original libraries (sentencepiece 0.2.1, tokenizers 0.23.3).

  vocab.py golden DIR               small models of invented text, merged by sentencepiece's own message classes, and
                                    vocabularies that tokenizers' BpeTrainer learned: DIR/vocab_merge, DIR/vocab_train
  vocab.py merge BIN BASE ADD FILE..  what ift-vocab in BIN makes of two models, by every rule for scores: the bytes that
                                    the message classes write, ids and decoded text of sentencepiece on every line of
                                    the files
  vocab.py train BIN SEED N [FILE..]  N random corpora, and each file, with random settings: tokenizer.json is byte for
                                    byte what tokenizers saves, and both encode a text alike
"""
import json, os, random, subprocess, sys, tempfile, time

import sentencepiece
import tokenizers
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CL100K = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""


# ---- merging ----

def parsed(blob):
    m = proto.ModelProto()
    m.ParseFromString(blob)
    return m


def merge(base, add):
    """What Chinese-LLaMA's script does to normal pieces, with the size stated."""
    m, a = parsed(base), parsed(add)
    known = {p.piece for p in m.pieces}
    for p in a.pieces:
        if p.piece not in known and p.type == proto.ModelProto.SentencePiece.NORMAL:
            new = m.pieces.add()
            new.piece = p.piece
            new.score = 0
    if m.trainer_spec.HasField("vocab_size"):
        m.trainer_spec.vocab_size = len(m.pieces)
    return m.SerializeToString()


def invented(r, letters, words):
    """Sentences of words that are made of a few syllables."""
    syllables = ["".join(r.choices(letters, k=r.choice([1, 2, 2, 3]))) for _ in range(40)]
    lexicon = ["".join(r.choices(syllables, k=r.choice([1, 2, 2, 3]))) for _ in range(300)]
    return [r.choices(lexicon, weights=[1 / (i + 1) for i in range(300)], k=r.randint(3, 12)) for _ in range(words // 8)]


LATIN, HAN = "aeioubdklmnprst", "天地人日月山水火木金土石田心手口言"


def small_model(r, kind, letters, joiner, size, **more):
    out = tempfile.NamedTemporaryFile(suffix=".model")
    text = [joiner.join(s) for s in invented(r, letters, 8000)]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(text), model_writer=out, model_type=kind, vocab_size=size,
                                             hard_vocab_limit=False, num_threads=1, minloglevel=3, **more)
    out.flush()
    return open(out.name, "rb").read(), text


def golden_merge(folder):
    r = random.Random(11)
    os.makedirs(folder, exist_ok=True)
    base, latin = small_model(r, "bpe", LATIN, " ", 460, byte_fallback=True, normalization_rule_name="identity",
                              remove_extra_whitespaces=False)
    add, han = small_model(r, "unigram", HAN, "", 180, normalization_rule_name="identity")
    base += bytes([0xc2, 0x3e, 3]) + b"\x01\x02\x03"  # a field that nobody knows
    merged = merge(base, add)
    sp = sentencepiece.SentencePieceProcessor(model_proto=merged)
    lines = [r.choice(latin) + r.choice(["", " ", "，", "\n"]) + r.choice(han) for _ in range(60)]
    for name, blob in (("base.model", base), ("add.model", add), ("merged.model", merged)):
        open(os.path.join(folder, name), "wb").write(blob)
    with open(os.path.join(folder, "texts.jsonl"), "w") as texts, open(os.path.join(folder, "ids.jsonl"), "w") as ids:
        for line in lines:
            texts.write(json.dumps({"text": line}, ensure_ascii=False) + "\n")
            ids.write(json.dumps({"ids": sp.encode(line)}, separators=(",", ":")) + "\n")


def rows(program, args, texts):
    """ids of texts as ift-tokenize gives them."""
    text = "".join(json.dumps({"text": t}) + "\n" for t in texts)
    out = subprocess.run([program + "/ift-tokenize", "-q", "--bare", "--as", "jsonl", "-j", "2", *args], input=text.encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line)["ids"] for line in out.splitlines()]


def compare_merge(program, base, add, files):
    texts = [t for f in files for t in open(f, encoding="utf-8", errors="replace").read().split("\n") if t]
    size = sum(len(t.encode()) for t in texts)
    before = open(base, "rb").read()
    recipe = merge(before, open(add, "rb").read())
    canonical = parsed(before).SerializeToString() == before  # otherwise only ours keeps the bytes of the base
    for scores in ("zero", "below", "own"):
        with tempfile.TemporaryDirectory() as d:
            path = d + "/merged.model"
            subprocess.run([program + "/ift-vocab", "merge", base, add, "-q", "--scores", scores, "-o", path], check=True)
            blob = open(path, "rb").read()
            if scores == "zero" and (blob != recipe if canonical else parsed(blob) != parsed(recipe)):
                sys.exit("%s + %s: not what the message classes write" % (base, add))
            sp = sentencepiece.SentencePieceProcessor(model_file=path)
            keep = [t for t in texts if len(sp.encode(t)) > 1]  # a row of one token teaches nothing and is left out
            want, got = sp.encode(keep), rows(program, ["--vocab", path], keep)
            bad = sum(a != b for a, b in zip(want, got)) + abs(len(want) - len(got))
            print("%s + %s, %s: %d pieces, %.1f MB, %d texts, %d tokens, %d differ" % (
                base, add, scores, sp.get_piece_size(), size / 1e6, len(keep), sum(map(len, want)), bad))
            if bad:
                sys.exit(1)


# ---- training ----

def train(cut, size, least, special, texts):
    t = Tokenizer(models.BPE())
    if cut == "gpt2":
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        expression = Regex(CL100K % ("{1,3}" if cut == "llama3" else ""))
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(expression, "isolated"),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if cut == "qwen2":
        t.normalizer = normalizers.NFC()
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=least, special_tokens=special, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    t.train_from_iterator(texts, trainer)
    return t


def saved(t):
    with tempfile.TemporaryDirectory() as d:
        t.save(d + "/t.json")
        return open(d + "/t.json", "rb").read()


def corpus(r):
    """Texts of few letters, so that many merges make the same token, or of many scripts and blanks."""
    letters = r.choice(["ab", "abc", "aabbcd", "abcdefgh", LATIN, HAN, LATIN + HAN + "é1234567890'.,!\u0301", "a\u0301e1' "])
    blanks = r.choice([" ", " ", " \n", "  \n\t\u3000", "\n"])
    return ["".join("".join(r.choices(letters, k=r.randint(1, r.choice([4, 9, 40])))) + r.choice(blanks)
                    for _ in range(r.choice([3, 40, 400]))) for _ in range(r.choice([1, 5]))]


def settings(r):
    special = r.choice([[], ["<s>", "</s>"], ["<|endoftext|>"], ["[PAD]", "<s>", "[PAD]"]])
    return r.choice(["gpt2", "llama3", "qwen2"]), r.choice([300, 400, 700, 5000]), r.choice([1, 2, 5]), special


def compare_train(program, texts, how, name):
    cut, size, least, special = how
    started = time.time()
    theirs = train(cut, size, least, special, texts)
    middle = time.time()
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/texts.jsonl", "w") as f:
            f.writelines(json.dumps({"text": t}) + "\n" for t in texts)
        args = [x for s in special for x in ("--special", s)]
        subprocess.run([program + "/ift-vocab", "train", d + "/texts.jsonl", "--field", "text", "--cut", cut, "--size",
                        str(size), "--min-count", str(least), "-q", "-j", random.choice("123"), "-o", d + "/v", *args],
                       check=True)
        ended = time.time()
        ours = open(d + "/v/tokenizer.json", "rb").read()
        if ours != saved(theirs):
            open("/tmp/vocab-texts.jsonl", "wb").write(open(d + "/texts.jsonl", "rb").read())
            sys.exit("%s: %s differs; texts are in /tmp/vocab-texts.jsonl" % (name, how))
        some = [t[:20000] for t in texts[:20] if len(theirs.encode(t[:20000]).ids) > 1]
        if rows(program, ["--vocab", d + "/v"], some) != [theirs.encode(t, add_special_tokens=False).ids for t in some]:
            sys.exit("%s: %s encodes otherwise" % (name, how))
    return middle - started, ended - middle, theirs.get_vocab_size()


def golden_train(folder):
    r = random.Random(5)
    os.makedirs(folder, exist_ok=True)
    texts = [" ".join(s).capitalize() + r.choice([".", "!\n", "'s 12345\n\n", "，"]) + "".join(h)
             for s, h in zip(invented(r, LATIN, 2400), invented(r, HAN, 2400))]
    with open(os.path.join(folder, "texts.jsonl"), "w") as f:
        f.writelines(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts)
    for cut, size, least, special in (("gpt2", 400, 1, ["<s>", "</s>"]), ("llama3", 420, 2, ["<|endoftext|>"]),
                                      ("qwen2", 5000, 30, [])):
        open(os.path.join(folder, cut + ".json"), "wb").write(saved(train(cut, size, least, special, texts)))


def main(args):
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if args[0] == "golden":
        golden_merge(os.path.join(args[1], "vocab_merge"))
        golden_train(os.path.join(args[1], "vocab_train"))
    elif args[0] == "merge":
        compare_merge(args[1], args[2], args[3], args[4:])
    elif args[0] == "train":
        r = random.Random(int(args[2]))
        for i in range(int(args[3])):
            compare_train(args[1], corpus(r), settings(r), "corpus %d" % i)
        print("%s random corpora: all equal" % args[3])
        for path in args[4:]:
            texts = [open(path, encoding="utf-8", errors="replace", newline="").read()]
            for how in (("gpt2", 2000, 2, []), ("llama3", 8000, 2, ["<s>"]), ("qwen2", 30000, 2, ["<s>", "</s>"])):
                theirs, ours, size = compare_train(args[1], texts, how, path)
                print("%s %s: %d tokens, equal; %.2f s, ours %.2f s" % (path, how[0], size, theirs, ours))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:] or [""])
