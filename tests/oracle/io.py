#!/usr/bin/env python3
"""Compare our JSON and CSV readers with Python's json and csv on generated and on real documents.

io.py IO_DUMP [--seed N] [--rounds N] [FOLDER...]     IO_DUMP is tests/oracle/io_dump.c, compiled with libift.a
Folders are searched for .csv and .tsv files in UTF-8. Needs nothing but Python.
"""
import argparse, csv, io, json, os, random, struct, subprocess, sys

csv.field_size_limit(1 << 30)


def ask(program, mode, documents):
    frames = b''.join(struct.pack('<I', len(d)) + d for d in documents)
    got = subprocess.run([program, mode], input=frames, stdout=subprocess.PIPE, check=True).stdout
    answers, at = [], 0
    while at < len(got):
        n, = struct.unpack_from('<I', got, at)
        answers.append(got[at + 4:at + 4 + n])
        at += 4 + n
    assert len(answers) == len(documents), (mode, len(answers), len(documents))
    return answers


# ---- JSON ----

class Number(str):
    """A number as it is written: ours must keep its digits."""


def refuse(word):
    raise ValueError(word)


def depth(v):
    below = v.values() if isinstance(v, dict) else v if isinstance(v, list) else ()
    return (1 if isinstance(v, (dict, list)) else 0) + max(map(depth, below), default=0)


def canonical(v):
    if isinstance(v, Number):
        return str(v)
    if isinstance(v, dict):
        return '{' + ','.join(canonical(k) + ':' + canonical(x) for k, x in v.items()) + '}'
    if isinstance(v, list):
        return '[' + ','.join(map(canonical, v)) + ']'
    return json.dumps(v, ensure_ascii=False)


def expected_json(data):
    try:
        v = json.loads(data.decode('utf-8'), parse_constant=refuse, parse_int=Number, parse_float=Number)
        return canonical(v).encode('utf-8')  # a lone surrogate fails here, as it must
    except (ValueError, RecursionError):
        return b''


TEXTS = ['', 'a', 'é', '中文', '😀', '\n', '\t"\\/', '\x00\x1f', '\x7f', '\u2028', 'x' * 40, '\uffff']
NUMBERS = ['0', '-0', '1.0', '1e400', '-1.5E+3', '12345678901234567890', '0.1', '1E-7']


def random_string(r):
    s = ''.join(r.choice(TEXTS) for _ in range(r.randrange(4)))
    t = json.dumps(s, ensure_ascii=r.random() < .4)
    return t.replace('/', '\\/') if r.random() < .3 else t


def random_json(r, level):
    k = r.random()
    space = r.choice(['', '', ' ', '\n\t', '\r\n'])
    if level == 0 or k < .3:
        return space + r.choice([random_string(r), r.choice(NUMBERS), 'true', 'false', 'null']) + space
    if k < .65:
        return '[' + ','.join(random_json(r, level - 1) for _ in range(r.randrange(5))) + space + ']'
    key = lambda: space + (random_string(r) if r.random() < .6 else r.choice(['"a"', '"\\u0061"', '"b"']))
    return '{' + space + ','.join(key() + space + ':' + random_json(r, level - 1) for _ in range(r.randrange(5))) + '}' + space


def spoil(r, data):
    """Change, drop, double or insert a few bytes: most of what comes out is wrong in one place."""
    b = bytearray(data)
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        at = r.randrange(len(b) + 1)
        k = r.randrange(4)
        if k == 0 and at < len(b):
            del b[at]
        elif k == 1 and at < len(b):
            b[at] = r.choice(b'"\\{}[],:0123456789eE+-.utrfn \n\x00\x80\xc0\xed\xf4\xff')
        elif k == 2:
            b[at:at] = r.choice([b'"', b'\\', b',', b'}', b']', b'\\ud83d', b'\\u12', b'\xed\xa0\x80', b'\xc3', b'01', b'.', b'NaN', b'\n'])
        else:
            b[at:at] = b[at:at + r.randrange(6)]
    return bytes(b)


def check_json(program, r, rounds):
    documents = []
    for _ in range(rounds):
        d = random_json(r, r.randrange(5)).encode()
        documents += [d, spoil(r, d), d[:r.randrange(len(d) + 1)]]
    accepted = 0
    for d, got in zip(documents, ask(program, 'json', documents)):
        want = expected_json(d)
        accepted += want != b''
        if got != want:
            sys.exit(f'json: {d!r}\n  ours   {got!r}\n  python {want!r}')
    print(f'json: {len(documents)} documents, {accepted} accepted, the same in all')


# ---- rows ----

def expected_rows(text, delimiter, quoting):
    if not quoting:
        lines = text.split('\n')
        if lines[-1] == '':
            lines.pop()
        rows = [(l[:-1] if l.endswith('\r') else l) for l in lines]
        return [l.split(delimiter) for l in rows if l]
    return [row for row in csv.reader(io.StringIO(text, newline=''), delimiter=delimiter) if row]


def is_open(text, delimiter):
    """A quoted field is not closed at the end: strict reading says so, and we do."""
    try:
        list(csv.reader(io.StringIO(text, newline=''), delimiter=delimiter, strict=True))
    except csv.Error as e:
        return 'end of data' in str(e) or None
    return False


def check_rows(program, texts, what):
    refused = 0
    for mode, delimiter, quoting in (('csv', ',', True), ('tsv', '\t', True), ('plain', '\t', False)):
        for text, got in zip(texts, ask(program, mode, [t.encode() for t in texts])):
            if got == b'':
                refused += 1
                # Strict reading may stop earlier, at what is only odd; then the field must reach the end.
                if not quoting or is_open(text, delimiter) is False:
                    sys.exit(f'{mode}: refused {text[-300:]!r}')
                continue
            want = expected_rows(text, delimiter, quoting)
            if json.loads(got) != want:
                sys.exit(f'{mode}: {text[:300]!r}\n  ours   {got[:600]!r}\n  python {str(want)[:600]}')
    print(f'rows: {len(texts)} {what} in three dialects, the same in all; {refused} with a field left open')


def random_rows(r):
    return ''.join(r.choice(['"', '"', '""', ',', '\t', '\n', '\r', '\r\n', 'a', 'b c', 'é', '中', ' ', '\u2028', '\x0b'])
                   for _ in range(r.randrange(25)))


def real_texts(folders):
    for folder in folders:
        for top, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith(('.csv', '.tsv')):
                    with open(os.path.join(top, name), 'rb') as f:
                        data = f.read()
                    try:
                        yield data.decode('utf-8')
                    except UnicodeDecodeError:
                        print('not UTF-8, skipped:', name)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('program')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--rounds', type=int, default=20000)
    ap.add_argument('folders', nargs='*')
    a = ap.parse_args()
    r = random.Random(a.seed)
    check_json(a.program, r, a.rounds)
    check_rows(a.program, [random_rows(r) for _ in range(a.rounds)], 'random texts')
    texts = list(real_texts(a.folders))
    if texts:
        check_rows(a.program, texts, 'real files')


main()
