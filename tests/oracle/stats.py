#!/usr/bin/env python3
"""What ift-stats must say, computed anew: json, sorted lists, sets of texts, regex's script property.

    stats.py [--by KEY] [--vocab TOKENIZER.JSON] FILE...
                    the page of `ift-stats --as json` with the same arguments, byte for byte, on standard output
    stats.py --random FOLDER
                    writes random records there: every script, escapes, dialogues, tags, repetitions
    stats.py --scripts
                    the rows of ranges in libcore/data/letters.c

Needs regex (Unicode 16 or 17), and tokenizers for --vocab. FILEs are records, JSONL or one array, not compressed. The
pages in tests/golden/stats, for tests/cli/stats/golden.sh and real.sh, were made so:

    cd tests/golden/stats; ../../oracle/stats.py --random .
    ../../oracle/stats.py zero.jsonl one.jsonl many.jsonl some.jsonl array.json >page.json
    ../../oracle/stats.py --by tags  zero.jsonl one.jsonl many.jsonl some.jsonl array.json >tags.json
    ../../oracle/stats.py --by source --vocab ../vocab/tokenizer.json some.jsonl array.json >tokens.json

and real.json from the records that real.sh makes.
"""
import json
import random
import sys
from collections import Counter

import regex

SCRIPTS = ["Latin", "Greek", "Cyrillic", "Hebrew", "Arabic", "Devanagari", "Bengali", "Tamil", "Telugu", "Thai", "Han",
           "Kana", "Hangul", "other"]
LETTER = regex.compile(r"\p{L}")
SCRIPT = [(name, regex.compile(r"\p{Script=%s}" % name)) for name in SCRIPTS if name not in ("Kana", "other")]
SCRIPT.append(("Kana", regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}\u30fc\uff70]")))
FIELDS = ["instruction", "input", "output", "rationale"]
known = {}


def script(c):
    if c not in known:
        found = None
        if LETTER.match(c):
            found = next((name for name, pattern in SCRIPT if pattern.match(c)), "other")
        known[c] = found
    return known[c]


def print_ranges():
    rows = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or script(chr(code)) is None:
            continue
        name = script(chr(code))
        if rows and rows[-1][2] == name:
            rows[-1][1] = code
        else:
            rows.append([code, code, name])
    for first, last, name in rows:
        if name != "other":
            print("    {0x%x, 0x%x, IFT_LETTERS_%s}," % (first, last, name.upper()))


def read(path):
    text = open(path, encoding="utf-8-sig", newline="").read()
    if text.lstrip()[:1] == "[":
        for i, record in enumerate(json.loads(text), 1):
            yield record, ": element %d" % i
        return
    for i, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield json.loads(line), ":%d" % i


def spread(values):
    v = sorted(values)
    at = lambda p: v[-(-len(v) * p // 100) - 1] if v else 0
    return {"sum": sum(v), "mean": sum(v) / len(v) if v else 0, "median": at(50), "p90": at(90), "p99": at(99),
            "max": at(100)}


def texts(record):
    """The pieces that there are to learn from."""
    messages = record.get("messages")
    pieces = [m["content"] for m in messages] if messages else [record[f] for f in FIELDS[:3]]
    return pieces + [record.get("rationale") or "", record.get("system") or ""]


def rounds(record):
    return sum(m["role"] == "user" for m in record["messages"]) if record.get("messages") else 1


def asked(record):
    messages = record.get("messages")
    if not messages:
        return record["instruction"], record["input"]
    replies = [i for i, m in enumerate(messages) if m["role"] == "assistant"]
    return tuple((m["role"], m["content"]) for m in messages[:replies[-1] if replies else len(messages)])


def stats(name, rows, total, count):
    records = [record for record, _ in rows]
    size = lambda record: sum(len(t) for t in texts(record))
    longest = max(rows, key=lambda row: size(row[0]), default=None)  # the first of them
    letters = Counter(script(c) for r in records for t in texts(r) for c in t)
    turns = [rounds(r) for r in records]
    sources = {r.get("source") or "" for r in records}
    page = {
        "name": name,
        "records": len(records),
        "share": len(records) / total if total else 0,
        "rounds": {"sum": sum(turns), "mean": sum(turns) / len(turns) if turns else 0, "max": max(turns, default=0)},
        "with": {
            "input": sum(bool(r["input"]) for r in records),
            "rationale": sum(bool(r.get("rationale")) for r in records),
            "system": sum(bool(r.get("system")) or any(m["role"] == "system" for m in r.get("messages") or [])
                          for r in records),
            "messages": sum(bool(r.get("messages")) for r in records),
            "empty_output": sum(not r["output"] for r in records),
        },
        "again": {
            "asked": len(records) - len({asked(r) for r in records}),
            "whole": len(records) - len({json.dumps(r) for r in records}),
        },
        "text": {
            "characters": spread(size(r) for r in records),
            "bytes": sum(len(t.encode()) for r in records for t in texts(r)),
            "longest": longest and longest[1],
        },
    }
    if count:
        tokens = spread(sum(map(count, texts(r))) for r in records)
        page["text"]["tokens"] = tokens
        all_characters = page["text"]["characters"]["sum"]
        page["text"]["characters_per_token"] = all_characters / tokens["sum"] if tokens["sum"] else 0
        page["text"]["longest"] = page["text"].pop("longest")  # comes last
    for field in FIELDS:
        values = [r[field] for r in records if r.get(field)]
        page[field] = {"records": len(values), "characters": spread(map(len, values)),
                       "bytes": spread(len(v.encode()) for v in values)}
    page["letters"] = {name: letters[name] for name in SCRIPTS}
    page["source"] = (sources.pop() or None) if len(sources) == 1 else None
    return page


def names(record, by):
    value = record.get(by)
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys("(none)" if v is None else v for v in values)) or ["(none)"]


def write_random(folder):
    rng = random.Random(5)
    some = "abcXYZ 019.,é中文日本カなー々ㅎ한글Жщαβשת ع م আ த త ก ªµ 𠀀𝒜😀\u0301\"\\\n\t/|&<"

    def text(n):
        return "".join(rng.choice(some) for _ in range(rng.choice([0, 1, 2, 3, n, n])))

    def record():
        r = {"instruction": text(12), "input": text(3) if rng.random() < 0.5 else "", "output": text(20)}
        if rng.random() < 0.3:
            r["rationale"] = text(8)
        if rng.random() < 0.2:
            r["system"] = text(5)
        if rng.random() < 0.7:
            r["source"] = rng.choice(["a", "b", "c d", ""])
        if rng.random() < 0.6:
            r["tags"] = rng.choices(["x", "y", "z"], k=rng.randrange(4))
        if rng.random() < 0.3:
            r["messages"] = [{"role": "system", "content": text(4)}] if rng.random() < 0.3 else []
            for _ in range(rng.randrange(1, 4)):
                r["messages"].append({"role": "user", "content": text(3)})
                if rng.random() < 0.9:
                    r["messages"].append({"role": "assistant", "content": text(9)})
        return r

    pool = [record() for _ in range(50)]
    for name, n in ("zero", 0), ("one", 1), ("many", 120), ("some", 40):
        with open("%s/%s.jsonl" % (folder, name), "w", encoding="utf-8") as out:
            for _ in range(n):
                r = rng.choice(pool) if rng.random() < 0.5 else record()
                out.write(json.dumps(r, ensure_ascii=rng.random() < 0.5) + "\n")
    with open(folder + "/array.json", "w", encoding="utf-8") as out:
        json.dump([record() for _ in range(20)], out)


def compact(value):
    """JSON as ift writes it: no blanks, 2 for 2.0."""
    if isinstance(value, dict):
        return "{%s}" % ",".join(json.dumps(k) + ":" + compact(v) for k, v in value.items())
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def main():
    args = sys.argv[1:]
    if args == ["--scripts"]:
        return print_ranges()
    if args[:1] == ["--random"]:
        return write_random(args[1])
    by = count = None
    while args[:1] in (["--by"], ["--vocab"]):
        if args[0] == "--by":
            by = args[1]
        else:
            import tokenizers

            vocab = tokenizers.Tokenizer.from_file(args[1])
            count = lambda text: len(vocab.encode(text, add_special_tokens=False).ids)
        args = args[2:]
    every, groups = [], {}
    for path in args:
        stem = path.split("/")[-1].rsplit(".", 1)[0]
        if not by:
            groups[stem] = []
        for record, place in read(path):
            row = record, (path + ":1" if place.startswith(": ") else path) + place
            every.append(row)
            for name in names(record, by) if by else [stem]:
                groups.setdefault(name, []).append(row)
    pages = [stats(name, rows, len(every), count) for name, rows in groups.items()]
    pages.sort(key=lambda page: (-page["records"], page["name"].encode()))
    print('{"collections":[%s],' % ",".join("\n" + compact(page) for page in pages).join(["", "\n"]))
    print('"total":%s}' % compact(stats(None, every, len(every), count)))


main()
