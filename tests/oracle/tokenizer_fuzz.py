#!/usr/bin/env python3
"""Every family's ids, and what they decode to, on many short strings made to be hard, against the original libraries: those of
tokenizer_corpus.py, and its vocabularies.

  tokenizer_fuzz.py BIN TOK COUNT SEED [NAME..]     COUNT strings for each family

Strings are rows of atoms: the vocabulary's own pieces, letters of many scripts, marks, emoji and what joins them, controls,
blanks of all kinds, digits, names of control tokens, any code point at all; each string prefers a kind or two, and some atoms
repeat. They are drawn by the array, so that a million take a minute or two a family.

A line of the result: family, strings, MB, digest of the ids, how many have other ids, how many of a fifth decode to another
text, and how many have a token to which the library gives another id than the file states, as Hf says (not wrong).
"""
import hashlib, itertools, os, sys, tempfile

import numpy
import orjson

from tokenizer_corpus import FAMILIES, Hf, Icetk, Spm, Tiktoken, run, vocabulary

CHUNK = 50000


def span(*ranges):
    return [chr(c) for a, b in ranges for c in range(a, b + 1)]


KINDS = dict(
    ascii=span((0x20, 0x7e)) + ["the", " and", "ing", "'s", "'S", "'ll", "'LL", "'re", "'ve", "'\u017f", "'", "''", "http://", "\\n"],
    letters=span((0xc0, 0x17f), (0x370, 0x3ff), (0x400, 0x45f), (0x531, 0x556), (0x5d0, 0x5ea), (0x620, 0x64a), (0x904, 0x939),
                 (0x985, 0x9b9), (0xb85, 0xbb9), (0xe01, 0xe30), (0x10d0, 0x10ff), (0x1200, 0x1248), (0x1e00, 0x1eff), (0x1780, 0x17b3),
                 (0x2c00, 0x2c2f), (0xa000, 0xa080), (0x10400, 0x1044f), (0x1d400, 0x1d4ff), (0x1f00, 0x1fbc), (0x13a0, 0x13f5)),
    chinese=span((0x4e00, 0x9fff)) + list("，。、；：？！“”‘’（）《》…—·　的的的是了在不我") * 40,
    japanese=span((0x3041, 0x3096), (0x30a1, 0x30fc), (0xff66, 0xff9f), (0xac00, 0xad00), (0x1100, 0x1112), (0x1161, 0x1175),
                  (0x11a8, 0x11c2), (0x3131, 0x3160), (0x20000, 0x20080), (0xf900, 0xf950), (0x2f00, 0x2f40), (0x3099, 0x309c)),
    marks=span((0x300, 0x36f), (0x483, 0x487), (0x591, 0x5bd), (0x64b, 0x65f), (0x93c, 0x94d), (0x9bc, 0x9cd), (0xe31, 0xe3a),
               (0x1ab0, 0x1abe), (0x1dc0, 0x1dff), (0x20d0, 0x20f0), (0xfe00, 0xfe2f), (0x3099, 0x309a))
    + ["e\u0301", "A\u030a", "q\u0323\u0307", "\u1100\u1161\u11a8", "\u0915\u093c", "\u212b", "\u0344", "\u0f73", "\u0958"],
    emoji=span((0x1f300, 0x1f5ff), (0x1f600, 0x1f64f), (0x1f680, 0x1f6c5), (0x1f900, 0x1f9ff), (0x2600, 0x27bf), (0x1f1e6, 0x1f1ff),
               (0x1f3fb, 0x1f3ff)) + ["\u200d", "\ufe0f", "\u20e3", "\u200d\u2642\ufe0f", "1\ufe0f\u20e3"] * 60
    + ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f44d\U0001f3fd"] * 40,
    controls=span((0, 0x1f), (0x7f, 0x9f), (0x200b, 0x200f), (0x202a, 0x202e), (0x2060, 0x206f), (0xfff9, 0xffff), (0xfdd0, 0xfdef),
                  (0xe000, 0xe008)) + ["\ufeff", "\xad", "\u180e", "\U0010ffff", "\U0001ffff", "\U000e0001", "\ud7ff", "\u034f"],
    blanks=[" ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", "\t\t", " \n", "\n "] * 4
    + span((0x2000, 0x200a)) + ["\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
                                "\u2581", "\u2581\u2581", " \u2581", "\u2420"],
    digits=list("0123456789") * 6 + span((0x660, 0x669), (0x966, 0x96f), (0xff10, 0xff19), (0x2160, 0x216b), (0x2070, 0x2079),
                                         (0xbc, 0xbe), (0x2460, 0x2473), (0x1d7ce, 0x1d7ff), (0x3007, 0x3007))
    + [".", ",", "1,000", "3.14", "2026-11-23", "0x1F", "1e-9", "%"] * 3,
    symbols=list("().,!?|[]{}<>:;#*-_=+/\\\"'`~^&$@") * 3 + list("…。，、।۔،「」『』£€¥©®™°±×÷√∞≈≠→←∀∂") + ["...", "```", "==", "--", "//", "))", ");", "!!"]
    + span((0xff01, 0xff0f), (0x3300, 0x3310), (0x2100, 0x212b), (0xfb00, 0xfb06), (0x2500, 0x2510), (0x3220, 0x3230)),
    names=["<s>", "</s>", "<unk>", "<pad>", "<mask>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|eot_id|>",
           "[gMASK]", "[MASK]", "[sMASK]", "<sop>", "<eop>", "sop", "eop", "<n>", "<|tab|>", "<|blank_2|>", "<|blank_80|>", "<|blank_81|>",
           "<0x0A>", "<0xE4>", "<0xff>", "<eoh>", "<eoa>", "<eom>", "<|User|>:", "<reserved_102>", "<reserved_106>", "[UNUSED_TOKEN_1]",
           "<|extra_0|>", "<|extra_204|>", "<|user|>", "<|assistant|>", "<|observation|>", "<", "|>", "<|", "</", "[Round 1]", "<ENG>", "[PAD]",
           "<|reserved_special_token_0|>", "<|python_tag|>", "⁇", " ⁇ "],
)


def atoms(pieces):
    """All atoms in one list, and where each kind lies in it."""
    everything = [c for c in range(0x110000) if not 0xd800 <= c < 0xe000]
    lists = [[p for p in pieces if p], *KINDS.values(), [chr(c) for c in everything]]
    ends = list(itertools.accumulate(map(len, lists)))
    return [a for l in lists for a in l], numpy.array([0] + ends[:-1]), numpy.array(ends)


def strings(r, count, table, first, end):
    """Rows of 1 to 20 atoms, mostly; of up to 60 now and then. Two of three are of the kinds that its string prefers."""
    kinds = len(first)
    lengths = numpy.minimum(1 + r.geometric(0.17, count), 60)
    starts = numpy.concatenate(([0], numpy.cumsum(lengths)))
    n = int(starts[-1])
    weights = numpy.array([5] + [2] * (kinds - 2) + [1], float)
    weights /= weights.sum()
    owner = numpy.repeat(numpy.arange(count), lengths)
    kind = r.choice(kinds, n, p=weights)
    for share in (0.45, 0.35):
        preferred = r.choice(kinds, count, p=weights)[owner]
        kind = numpy.where(r.random(n) < share, preferred, kind)
    pick = first[kind] + (r.random(n) * (end - first)[kind]).astype(numpy.int64)
    repeats = numpy.where(r.random(n) < 0.01, r.integers(2, 60, n), 1)
    again = numpy.flatnonzero(r.random(n) < 0.1)
    again = again[again > 0]
    pick[again] = pick[again - 1]
    row = [table[i] for i in pick.tolist()]
    for i in numpy.flatnonzero(repeats > 1).tolist():
        row[i] *= int(repeats[i])
    bounds = starts.tolist()
    return ["".join(row[a:b]) for a, b in zip(bounds, bounds[1:])]


def encode(lib, texts):
    if isinstance(lib, Hf):
        return [e.ids for e in lib.t.encode_batch_fast(texts, add_special_tokens=False)]
    if type(lib) is Spm:
        return lib.p.encode(texts, num_threads=1)
    if isinstance(lib, Tiktoken):
        return [lib.t.encode_ordinary(lib.form(t)) for t in texts]
    return lib.encode(texts)


def decode(lib, rows):
    if isinstance(lib, Hf):
        return lib.t.decode_batch([[i for i in w if i not in lib.normalized] for w in rows] if lib.normalized else rows,
                                  skip_special_tokens=True)
    if type(lib) is Spm:
        return lib.p.decode(rows, num_threads=1)
    return [lib.decode(w) for w in rows]


def ours(bindir, vocab, more, texts):
    """Rows of fewer than two tokens teach nothing and are left out: such strings are found by halves."""
    rows = run(bindir + "/ift-tokenize", [dict(text=t) for t in texts], "--bare", "--as", "jsonl", "--vocab", vocab, *more)
    if len(rows) == len(texts):
        return [row["ids"] for row in rows]
    if len(texts) == 1:
        return [None]
    half = len(texts) // 2
    return ours(bindir, vocab, more, texts[:half]) + ours(bindir, vocab, more, texts[half:])


def show(wrong, text, got, want):
    if wrong < 4:
        print("  %r: got %s want %s" % (text, got, want), flush=True)


def compare(bindir, vocab, lib, texts, digest, wrong):
    pairs = [(t, w) for t, w in zip(texts, encode(lib, texts)) if len(w) > 1]
    texts, want = [t for t, _ in pairs], [w for _, w in pairs]
    stated = [[lib.stated.get(i, i) for i in w] for w in want] if lib.stated else want
    for text, got, w, s in zip(texts, ours(bindir, vocab, ["--parse-control"] if lib.control else [], texts), want, stated):
        wrong[2] += s != w
        if got != s:
            wrong[0] += 1
            show(wrong[0], text, got, s)
    digest.update(orjson.dumps(stated))
    want, stated = want[:len(want) // 5], stated[:len(want) // 5]
    back = run(bindir + "/ift-detokenize", [dict(ids=s) for s in stated], "--vocab", vocab)
    for w, b, d in zip(stated, back, decode(lib, want)):
        if b["text"] != d:
            wrong[1] += 1
            show(wrong[1], str(w), repr(b["text"]), repr(d))
    return len(texts)


def main(bindir, tok, count, seed, names):
    worst = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or FAMILIES:
            spec, config, library, source, *args = FAMILIES[name]
            vocab, lib = vocabulary(tok, spec, config, scratch), library(os.path.join(tok, source), *args)
            table, first, end = atoms(lib.pieces)
            r, digest, wrong, compared, size = numpy.random.default_rng([seed, *name.encode()]), hashlib.sha256(), [0, 0, 0], 0, 0
            for at in range(0, count, CHUNK):
                texts = strings(r, min(CHUNK, count - at), table, first, end)
                size += sum(len(t.encode()) for t in texts)
                compared += compare(bindir, vocab, lib, texts, digest, wrong)
            print("%-15s seed %d: %d strings of two tokens and more, %.1f MB  %s  ids wrong %d  of a fifth decoded wrong %d%s"
                  % (name, seed, compared, size / 1e6, digest.hexdigest()[:16], *wrong[:2],
                     "  numbered as the file says %d" % wrong[2] if wrong[2] else ""), flush=True)
            worst += wrong[0] + wrong[1]
    return worst


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]) != 0)
