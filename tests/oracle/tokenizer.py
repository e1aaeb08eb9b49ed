#!/usr/bin/env python3
"""Tokenizers against the original libraries (sentencepiece 0.2.1, tokenizers 0.23.3, transformers 5.23.0). The wheel of
sentencepiece 0.2.2 adds the scores of unigram models in float, so some ties fall otherwise; earlier releases agree.

  tokenizer.py golden DIR             writes small vocabularies with random pieces and merges, and what the libraries
                                      make of random texts: tests/golden/tokenizer, read by tests/unit/test_tokenizer.c
  tokenizer.py compare BIN SEED N     makes N such vocabularies and compares ift-tokenize and ift-detokenize in BIN on them
  tokenizer.py texts BIN VOCAB FILE.. the same for one published vocabulary, on each line of text files and on fuzzed
                                      pieces of them
"""
import base64, json, os, random, struct, subprocess, sys, tempfile, unicodedata

import sentencepiece
import tokenizers

META = "\u2581"
LETTERS = list("abcde'sTL") + ["é", "ſ", "中", "文", "，", "😀", "\u0301", "1", "2", "½", ".", "!", "(", "|", "#"]
BLANKS = [" ", " ", " ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u3000"]
CONTROL = ["<s>", "</s>", "<unk>", "<|x|>", "<pad>"]

GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
CL100K = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+"


def words(r, n):
    """A text of about n symbols, dense in edges: blanks, contractions, names of control tokens."""
    out = []
    while len(out) < n:
        x = r.random()
        if x < 0.6:
            out.append(r.choice(LETTERS))
        elif x < 0.9:
            out.append(r.choice(BLANKS))
        elif x < 0.93:
            out.append(r.choice(CONTROL))
        elif x < 0.95:
            out.append(META)
        elif x < 0.97:
            out.append(chr(r.choice([0x7f, 0x1c, 0x85, 0x200b, 0x2028, 0xfffd, 0x1F1E6, 0x0660, 0x3042])))
        else:
            out.append(r.choice(LETTERS) * r.randint(2, 40))
    return "".join(out)


def texts(r, count):
    fixed = ["", " ", "  ", "a", " a", "a ", "\n", META, META + "a", "<s>", " <s> ", "a<|x|>b", "'s 'S 'ſ"]
    return fixed + [words(r, r.choice([1, 2, 3, 5, 8, 20, 60, 60, 200])) for _ in range(count)]


# ---- SentencePiece models, written as Protocol Buffers by hand ----

def varint(x):
    out = b""
    while x > 127:
        out += bytes([x & 127 | 128])
        x >>= 7
    return out + bytes([x])


def field(number, wire, value):
    head = varint(number << 3 | wire)
    return head + (varint(len(value)) + value if wire == 2 else value)


def grow(r, pieces, count, longest):
    """Joins random pairs into new pieces."""
    pieces = list(pieces)
    known = set(pieces)
    for _ in range(count):
        p = r.choice(pieces) + r.choice(pieces)
        if len(p) <= longest and p not in known:
            known.add(p)
            pieces.append(p)
    return pieces


def make_model(r):
    fallback = r.random() < 0.7
    escape = r.random() < 0.9
    space = META if escape else " "
    chars = [c for c in LETTERS if r.random() < 0.8] + [space]
    # Characters that are no piece may be part of some.
    plain = grow(r, dict.fromkeys(chars + r.sample(LETTERS, 3)), r.choice([30, 200]), 7)
    pieces = [p for p in plain if len(p) > 1 or p in chars]
    r.shuffle(pieces)
    scores = r.choice([lambda: -float(r.randint(0, 5)), lambda: -r.random() * 20, lambda: 0.0])
    rows = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    if fallback:
        rows += [("<0x%02X>" % b, 0.0, 6) for b in range(256)]
    user = [u for u in ["<|x|>", space * 2, "\n", "中", "ab", "<|x|>a", "é "] if r.random() < 0.35]
    rows += [(u, 0.0, 4) for u in user]
    rows += [(p, scores(), 1) for p in pieces if p not in user]
    body = b"".join(field(1, 2, field(1, 2, p.encode()) + field(2, 5, struct.pack("<f", s)) + field(3, 0, varint(t)))
                    for p, s, t in rows)
    trainer = field(3, 0, varint(2)) + field(35, 0, varint(int(fallback)))
    flags = b"".join(field(n, 0, varint(int(v)))
                     for n, v in ((3, r.random() < 0.7), (4, r.random() < 0.3), (5, escape)))
    return body + field(2, 2, trainer) + field(3, 2, field(1, 2, b"identity") + flags)


def model_bytes(rows, kind, trainer, normalizer):
    body = b"".join(field(1, 2, field(1, 2, p.encode()) + field(2, 5, struct.pack("<f", s)) + field(3, 0, varint(t)))
                    for p, s, t in rows)
    return body + field(2, 2, field(3, 0, varint(kind)) + trainer) + field(3, 2, normalizer)


def charsmap(r):
    """Compiled replacement rules, random ones: of one character or several, to nothing, to blanks, to many characters."""
    some = LETTERS + [" ", META, "\u3000", "\n", "<", ">"]
    rules = {}
    for _ in range(r.choice([1, 5, 40])):
        source = "".join(r.choice(some) for _ in range(r.choice([1, 1, 2, 3])))
        target = "".join(r.choice(some) for _ in range(r.choice([0, 1, 1, 2, 6])))
        if source != target:
            rules[source] = target
    spell = lambda s: " ".join("%X" % ord(c) for c in s)
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/rules.tsv", "w") as f:
            f.write("".join("%s\t%s\n" % (spell(a), spell(b)) for a, b in sorted(rules.items())))
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b"]), model_prefix=d + "/m", model_type="char", vocab_size=9, hard_vocab_limit=False,
            normalization_rule_tsv=d + "/rules.tsv", minloglevel=3)
        blob = open(d + "/m.model", "rb").read()
    return next(value for number, value in fields(next(v for n, v in fields(blob) if n == 3)) if number == 2)


def fields(blob):
    """(number, value) of each field of a Protocol Buffer."""
    at = 0

    def number():
        nonlocal at
        x = shift = 0
        while True:
            byte = blob[at]
            at += 1
            x |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return x

    while at < len(blob):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
            continue
        n = number() if tag & 7 == 2 else 4 if tag & 7 == 5 else 8
        yield tag >> 3, blob[at:at + n]
        at += n


def make_unigram(r, kind=1):
    """Scores that tie, that nearly tie, that swallow others; pieces that are unused; every flag of the normalizer."""
    fallback, escape = r.random() < 0.5, r.random() < 0.9
    space = META if escape else " "
    chars = [c for c in LETTERS if r.random() < 0.8] + ([space] if r.random() < 0.9 else [])
    plain = grow(r, dict.fromkeys(chars + r.sample(LETTERS, 3)), r.choice([30, 200]), 7)
    pieces = [p for p in plain if len(p) > 1 or p in chars]
    r.shuffle(pieces)
    scores = r.choice([lambda: -float(r.randint(0, 5)), lambda: -r.random() * 20, lambda: 0.0, lambda: r.random() * 3 - 1,
                       lambda: -1e9 if r.random() < 0.1 else -r.random(), lambda: -r.choice([0.1, 0.2, 0.3, 0.4, 0.7]),
                       lambda: -1e-30 * r.random()])
    rows = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    rows += [("<0x%02X>" % b, 0.0, 6) for b in range(256)] if fallback else []
    user = [u for u in ["<|x|>", space * 2, "\n", "中", "ab", "<|x|>a", "é "] if r.random() < 0.35]
    rows += [(u, scores(), 4) for u in user]
    unused = 0.05 if kind == 1 and r.random() < 0.5 else 0
    rows += [(p, scores(), 5 if r.random() < unused else 1) for p in pieces if p not in user]
    trainer = field(35, 0, varint(int(fallback))) + field(24, 0, varint(int(r.random() < 0.3)))
    trainer += field(44, 2, b"?!") if r.random() < 0.3 else b""
    flags = b"".join(field(n, 0, varint(int(v)))
                     for n, v in ((3, r.random() < 0.7), (4, r.random() < 0.4), (5, escape)) if r.random() < 0.8)
    rules = field(2, 2, charsmap(r)) if r.random() < 0.5 else b""
    return model_bytes(rows, kind, trainer, field(1, 2, b"custom") + rules + flags)


def trained_model(r, rule):
    """What sentencepiece itself trains, with its compiled normalization rules."""
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/t", "w") as f:
            f.write("\n".join(words(r, 200).replace("\n", " ") for _ in range(60)))
        sentencepiece.SentencePieceTrainer.train(
            input=d + "/t", model_prefix=d + "/m", model_type="bpe", vocab_size=360, byte_fallback=True,
            normalization_rule_name=rule, user_defined_symbols=["<|x|>"], minloglevel=3)
        return open(d + "/m.model", "rb").read()


# ---- tokenizer.json ----

def byte_alphabet():
    keep = list(range(0x21, 0x7f)) + list(range(0xa1, 0xad)) + list(range(0xae, 0x100))
    table, n = {}, 0
    for b in range(256):
        table[b] = chr(b) if b in keep else chr(256 + n)
        n += b not in keep
    return table


def added(i, content, special, **flags):
    return dict(id=i, content=content, single_word=False, lstrip=flags.get("lstrip", False),
                rstrip=flags.get("rstrip", False), normalized=flags.get("normalized", False), special=special)


def random_merges(r, start, count, longest):
    vocab, merges = list(start), []
    known = set(vocab)
    for _ in range(count):
        a, b = r.choice(vocab), r.choice(vocab)
        if len(a + b) > longest or [a, b] in merges:
            continue
        if a + b not in known:
            known.add(a + b)
            vocab.append(a + b)
        merges.append([a, b])
    r.shuffle(merges)
    return vocab, merges


def make_bytes(r):
    table = byte_alphabet()
    spell = lambda s: "".join(table[b] for b in s.encode())
    common = [spell(x) for x in LETTERS + BLANKS] + [table[b] for b in "é中文，".encode()]
    singles = list(table.values())
    r.shuffle(singles)
    pool, merges = random_merges(r, sorted({c for w in common for c in w}), 300, 12)
    vocab = singles + [p for p in pool if p not in set(singles)]
    ids = {p: i for i, p in enumerate(vocab)}
    pattern = r.choice([None, GPT2, CL100K % "{1,3}", CL100K % "", BLOOM, "whole"])
    level = dict(type="ByteLevel", add_prefix_space=pattern in (None, "whole") and r.random() < 0.3, trim_offsets=True,
                 use_regex=pattern is None)
    split = dict(type="Split", pattern=dict(Regex=pattern), behavior="Isolated", invert=False)
    pre = level if pattern in (None, "whole") else dict(type="Sequence", pretokenizers=[split, level])
    more = [added(len(vocab), "<s>", True), added(len(vocab) + 1, "<|x|>", True, rstrip=r.random() < 0.5),
            added(len(vocab) + 2, "  ", False), added(len(vocab) + 3, "</s>", True, lstrip=r.random() < 0.5)]
    if r.random() < 0.5:
        more.pop(2)
        more[2]["id"] = len(vocab) + 2
    return dict(version="1.0", truncation=None, padding=None, added_tokens=more, normalizer=None, pre_tokenizer=pre,
                post_processor=None, decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
                model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None,
                           fuse_unk=False, byte_fallback=False, ignore_merges=r.random() < 0.5, vocab=ids, merges=merges))


def make_chars(r):
    fallback = r.random() < 0.7
    chars = [c for c in LETTERS if r.random() < 0.8] + [META, "<", "s", ">"]
    chars = list(dict.fromkeys(chars))
    pool, merges = random_merges(r, chars, 300, 7)
    names = ["<unk>", "<s>", "</s>"] + (["<0x%02X>" % b for b in range(256)] if fallback else [])
    ids = {p: i for i, p in enumerate(names + [p for p in pool if p not in names])}
    prepend = [dict(type="Prepend", prepend=META), dict(type="Replace", pattern=dict(String=" "), content=META)]
    scheme = r.choice(["normalizer", "normalizer", "first", "always", "never"])
    old = scheme == "normalizer"
    strip = dict(type="Strip", content=" ", start=1, stop=0)
    decoders = [dict(type="Replace", pattern=dict(String=META), content=" ")]
    decoders += [dict(type="ByteFallback")] if fallback else []
    decoders += [dict(type="Fuse")] + ([strip] if scheme != "never" else [])
    return dict(version="1.0", truncation=None, padding=None,
                added_tokens=[added(i, names[i], True, normalized=old) for i in range(3)],
                normalizer=dict(type="Sequence", normalizers=prepend) if old else None,
                pre_tokenizer=None if old else dict(type="Metaspace", replacement=META, prepend_scheme=scheme, split=False),
                post_processor=None, decoder=dict(type="Sequence", decoders=decoders),
                model=dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None, end_of_word_suffix=None,
                           fuse_unk=r.random() < 0.7, byte_fallback=fallback, ignore_merges=False, vocab=ids, merges=merges))


def make_unigram_json(r):
    chars = list(dict.fromkeys([c for c in LETTERS if r.random() < 0.8] + [META]))
    pieces = [p for p in grow(r, chars, r.choice([30, 200]), 7)]
    r.shuffle(pieces)
    scores = r.choice([lambda: -float(r.randint(0, 5)), lambda: -r.random() * 20, lambda: -r.choice([0.1, 0.2, 0.3, 0.7])])
    fallback = r.random() < 0.5
    vocab = [["<unk>", 0.0], ["<s>", 0.0]] + ([["<0x%02X>" % b, -99.0] for b in range(256)] if fallback else [])
    vocab += [[p, scores()] for p in pieces]
    space = dict(type="Metaspace", replacement=META, prepend_scheme=r.choice(["first", "always", "never"]), split=r.random() < 0.6)
    strip = [dict(type="Strip", content=" ", start=1, stop=0)] if space["prepend_scheme"] != "never" else []
    chain = [dict(type="Replace", pattern=dict(String=META), content=" "), dict(type="ByteFallback"), dict(type="Fuse")] + strip
    return dict(version="1.0", truncation=None, padding=None,
                added_tokens=[added(0, "<unk>", True), added(1, "<s>", True, lstrip=r.random() < 0.5),
                              dict(added(len(vocab), "ab", False), single_word=True)],
                normalizer=None, pre_tokenizer=space, post_processor=None,
                decoder=dict(type="Sequence", decoders=chain) if fallback else space,
                model=dict(type="Unigram", unk_id=0, byte_fallback=fallback, vocab=vocab))


# ---- folders ----

def make_gpt2(r):
    """vocab.json, merges.txt and settings, and the tokenizer.json that says the same."""
    name, pattern, nfc = r.choice([("GPT2Tokenizer", GPT2, False), ("Qwen2TokenizerFast", CL100K % "", True)])
    whole = make_bytes(r)
    split = dict(type="Split", pattern=dict(Regex=pattern), behavior="Isolated", invert=False)
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)
    whole["pre_tokenizer"] = dict(type="Sequence", pretokenizers=[split, level])
    whole["normalizer"] = dict(type="NFC") if nfc else None
    whole["model"]["ignore_merges"] = False
    merges = "".join("%s %s\n" % tuple(m) for m in whole["model"]["merges"])
    config = dict(tokenizer_class=name, added_tokens_decoder={str(a["id"]): a for a in whole["added_tokens"]}, eos_token="</s>")
    return {"vocab.json": json.dumps(whole["model"]["vocab"], ensure_ascii=False),
            "merges.txt": ("#version: 0.2\n" if r.random() < 0.5 else "") + merges,
            "tokenizer_config.json": json.dumps(config)}, json.dumps(whole, ensure_ascii=False)


def make_tiktoken(r):
    singles = [bytes([b]) for b in range(256)]
    r.shuffle(singles)
    pool = [bytes([b]) for w in LETTERS + BLANKS for b in w.encode()] + [w.encode() for w in LETTERS]
    known = dict.fromkeys(singles)
    for _ in range(r.choice([50, 400])):
        token = b"".join(r.choice(pool) for _ in range(r.choice([2, 2, 2, 3])))
        if len(token) < 16:
            known[token] = None
            pool.append(token)
    more = list(known)[256:]
    if r.random() < 0.7:  # then some tokens have parts of higher rank
        r.shuffle(more)
    ranks = {t: i for i, t in enumerate(singles + more)}
    qwen = r.random() < 0.5
    lines = [base64.b64encode(t) + b" %d\n" % i for t, i in ranks.items()]
    files = {"qwen.tiktoken" if qwen else "tokenizer.model": b"".join(lines).decode()}
    if not qwen:
        files["tokenizer_config.json"] = json.dumps(dict(bos_token="<|begin_of_text|>"))
    return files, Tiktoken(ranks, CL100K % ("" if qwen else "{1,3}"), qwen)


# ---- what the libraries say ----

class Tiktoken:
    control = False

    def __init__(self, ranks, pattern, nfc):
        import tiktoken
        self.t, self.nfc = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}), nfc

    def encode(self, text):
        return self.t.encode_ordinary(unicodedata.normalize("NFC", text) if self.nfc else text)

    def decode(self, ids, keep):
        return self.t.decode(ids)


class Spm:
    control = False

    def __init__(self, blob):
        self.p = sentencepiece.SentencePieceProcessor(model_proto=blob)

    def encode(self, text):
        return self.p.encode(text)

    def decode(self, ids, keep):
        return self.p.decode(ids)


class Hf:
    control = True

    def __init__(self, blob):
        self.t = tokenizers.Tokenizer.from_str(blob)
        # tokenizers 0.23 does not take these for special when it decodes, earlier releases do: their names carry what the
        # normalizer put in front. We leave them out.
        self.normalized = {i for i, a in self.t.get_added_tokens_decoder().items() if a.special and a.normalized}

    def encode(self, text):
        return self.t.encode(text, add_special_tokens=False).ids

    def decode(self, ids, keep):
        return self.t.decode([i for i in ids if i not in self.normalized], skip_special_tokens=not keep)


def make(r, kind):
    """(file suffix, file bytes, library)"""
    if kind == "gpt2":
        files, whole = make_gpt2(r)
        return "", files, Hf(whole)
    if kind == "tiktoken":
        return ("",) + make_tiktoken(r)
    models = dict(model=make_model, unigram=make_unigram, rules=lambda r: make_unigram(r, 2))
    if kind in models or kind in ("nmt_nfkc", "identity"):
        blob = models[kind](r) if kind in models else trained_model(r, kind)
        return ".model", blob, Spm(blob)
    makers = dict(bytes=make_bytes, chars=make_chars, scores=make_unigram_json)
    blob = json.dumps(makers[kind](r), ensure_ascii=False)
    return ".json", blob.encode(), Hf(blob)


def size_of(lib):
    if isinstance(lib, Tiktoken):
        return lib.t.n_vocab
    return lib.p.get_piece_size() if isinstance(lib, Spm) else max(lib.t.get_vocab().values()) + 1


def write(path, blob):
    """A file, or a folder of files."""
    if isinstance(blob, bytes):
        with open(path, "wb") as f:
            f.write(blob)
        return
    os.makedirs(path, exist_ok=True)
    for name, text in blob.items():
        with open(os.path.join(path, name), "w", newline="\n") as f:
            f.write(text)


def cases(r, lib, count):
    for text in texts(r, count):
        ids = lib.encode(text)
        yield dict(text=text, ids=ids, decoded=lib.decode(ids, False))
    for _ in range(count // 4):
        ids = [r.randrange(size_of(lib)) for _ in range(r.randint(1, 12))]
        yield dict(ids=ids, decoded=lib.decode(ids, False))


def golden(folder):
    kinds = ["model"] * 6 + ["nmt_nfkc"] + ["bytes"] * 8 + ["chars"] * 6 + ["unigram"] * 10 + ["rules"] * 4
    kinds += ["scores"] * 3 + ["gpt2"] * 3 + ["tiktoken"] * 3
    for i, kind in enumerate(kinds):
        r = random.Random(1000 + i)
        suffix, blob, lib = make(r, kind)
        name = "%s-%d" % (kind.replace("_", "-"), i)
        write(os.path.join(folder, name + suffix), blob)
        with open(os.path.join(folder, name + ".jsonl"), "w") as f:
            f.write(json.dumps(dict(vocab=name + suffix, control=lib.control)) + "\n")
            for c in cases(r, lib, 60):
                f.write(json.dumps(c, ensure_ascii=False) + "\n")


# ---- our programs ----

def tool(binary, lines, *args):
    text = "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines)
    done = subprocess.run([binary, "-q", *args], input=text.encode(), stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit("%s %s failed" % (binary, " ".join(args)))
    return [json.loads(x) for x in done.stdout.splitlines()]


def check(bindir, vocab, lib, all_texts, label):
    """Rows without a learned token are left out by ift-tokenize: the first token of a row never counts. So every text is
    asked with a token before it, which --bare and a document boundary give: texts of one token are told apart by id only."""
    want = [lib.encode(t) for t in all_texts]
    wanted = [(t, w) for t, w in zip(all_texts, want) if len(w) > 1]
    parse = ["--parse-control"] if lib.control else []
    got = tool(bindir + "/ift-tokenize", [dict(text=t) for t, _ in wanted], "--bare", "--as", "jsonl", "--vocab", vocab, *parse)
    bad = 0
    if len(got) != len(wanted):
        sys.exit("%s: %d rows for %d texts" % (label, len(got), len(wanted)))
    for (text, ids), row in zip(wanted, got):
        if row["ids"] != ids:
            bad += 1
            if bad < 4:
                print("%s: %r\n   got %s\n  want %s" % (label, text[:200], row["ids"][:60], ids[:60]))
    back = tool(bindir + "/ift-detokenize", [dict(ids=w) for _, w in wanted], "--vocab", vocab)
    for (text, ids), row in zip(wanted, back):
        if row["text"] != lib.decode(ids, False):
            bad += 1
            if bad < 8:
                print("%s: decoded %r\n   got %r\n  want %r" % (label, ids[:40], row["text"][:200], lib.decode(ids, False)[:200]))
    return len(wanted), bad


def compare(bindir, seed, count):
    total = wrong = 0
    with tempfile.TemporaryDirectory() as d:
        for i in range(count):
            r = random.Random(seed * 100003 + i)
            kind = r.choice(["model", "rules", "unigram", "bytes", "chars", "scores", "gpt2", "tiktoken",
                             "nmt_nfkc" if i % 10 == 0 else "model"])
            suffix, blob, lib = make(r, kind)
            path = "%s/%d-%s%s" % (d, i, kind, suffix)
            write(path, blob)
            n, bad = check(bindir, path, lib, texts(r, 200), os.path.basename(path))
            if bad:
                os.rename(path, "/tmp/" + os.path.basename(path))
            total, wrong = total + n, wrong + bad
    print("%d texts in %d vocabularies, %d wrong" % (total, count, wrong))
    return wrong


def published(bindir, vocab, files):
    with open(vocab, "rb") as f:
        blob = f.read()
    lib = Hf(blob.decode()) if blob.lstrip()[:1] == b"{" else Spm(blob)
    r = random.Random(1)
    every = []
    for name in files:
        with open(name, encoding="utf-8", newline="\n") as f:
            every += [x for x in f.read().split("\n") if x]
    joined = "\n".join(every)
    for _ in range(20000):
        at, n = r.randrange(len(joined)), r.choice([1, 3, 10, 40])
        cut = joined[at:at + n]
        if r.random() < 0.5:
            chars = list(cut + words(r, 5))
            r.shuffle(chars)
            cut = "".join(chars)
        every.append(cut)
    n, bad = check(bindir, vocab, lib, every, vocab)
    print("%s: %d texts, %d wrong" % (vocab, n, bad))
    return bad


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "golden":
        golden(sys.argv[2])
    elif len(sys.argv) == 5 and sys.argv[1] == "compare":
        sys.exit(compare(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])) != 0)
    elif len(sys.argv) > 4 and sys.argv[1] == "texts":
        sys.exit(published(sys.argv[2], sys.argv[3], sys.argv[4:]) != 0)
    else:
        sys.exit(__doc__)
