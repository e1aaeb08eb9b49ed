#!/usr/bin/env python3
"""The table of libcore/text/nfc.c: what a later Unicode than that of tokenizers' normal forms reorders or joins. Needs
unicodedata2, the later the better.

Of each character that is there to be reordered (its class is not 0) or taken apart, tokenizers is asked what becomes of it
between marks of the lowest and a high class. Of those that it leaves alone as composites, the first halves are listed too: they
must not be joined with what follows.
"""
import unicodedata2
from tokenizers import normalizers

form = normalizers.NFD()


def differs(text):
    return form.normalize_str(text) != unicodedata2.normalize("NFD", text)


later = set()
for code in range(0x80, 0x110000):
    if 0xD800 <= code < 0xE000:
        continue
    char = chr(code)
    if differs(char):
        later |= {code, int(unicodedata2.decomposition(char).split()[0], 16)}
    if differs("a\u0315" + char) or differs("a" + char + "\u0334"):
        later.add(code)

ranges = []
for code in sorted(later):
    if ranges and code == ranges[-1][1] + 1:
        ranges[-1][1] = code
    else:
        ranges.append([code, code])
print(f"/* to {unicodedata2.unidata_version} */")
print(", ".join("{0x%X, 0x%X}" % tuple(r) for r in ranges))
