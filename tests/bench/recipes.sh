#!/usr/bin/env bash
# recipes.sh: ift-format on every recipe of data/formats that has a sample in tests/formats, which is
# repeated until it is MB long: MB/s of processor time, slowest first. None should be below 60.
#
#   MB=20 REPS=3   size of the input, repetitions
set -u
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$SRC/build}
PYTHON=${PYTHON:-${ORACLE:+$ORACLE/bin/python}}
MB=${MB:-20} REPS=${REPS:-3}
export IFT_DATA=$SRC/data

skip() {
    echo "skipped: $1"
    exit 0
}
[ -x "$BUILD/bin/ift-format" ] || skip "no $BUILD/bin/ift-format; run make"
[ -n "$PYTHON" ] || skip "no interpreter to make the input with; set ORACLE to a virtual environment"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# repeat FILE: its records again and again. Of one array or object there are more elements, of rows
# with a header more rows; all else follows itself.
repeat() {
    "$PYTHON" - "$1" "$MB" "$(grep -m 1 '^# read:' "$SRC/data/formats/$2.jq")" <<'PY'
import sys
text = open(sys.argv[1], 'rb').read()
want, read = int(float(sys.argv[2]) * 1e6), sys.argv[3]
whole, head, between, tail = text.strip(), b'', b'', b''
enclosed = whole[:1] == b'[' and ': json' in read and b']\n[' not in whole
if enclosed or ': object' in read:
    head, text, between, tail = whole[:1], whole[1:-1], b',', whole[-1:]
elif 'header=' in read and 'header=no' not in read:
    head, _, text = text.partition(b'\n')
    head += b'\n'
if not enclosed and not text.endswith(b'\n'):
    text += b'\n'
out = sys.stdout.buffer
out.write(head + between.join([text] * max(1, want // len(text))) + tail)
PY
}

once() {
    /usr/bin/time -o "$work/time" -f '%U %S' "$BUILD/bin/ift-format" -q -j 1 --keep-going \
        --rejects "$work/rejects" --from "$1" "${join[@]}" "$work/in" >"$work/out" 2>"$work/err" ||
        return 1
    awk -v mb="$(stat -c %s "$work/in")" '{printf "%.0f\n", mb / 1e6 / ($1 + $2 + 1e-9)}' \
        "$work/time"
}

for sample in "$SRC"/tests/formats/*.in; do
    name=$(basename "$sample" .in)
    join=()
    [ -e "${sample%.in}.join" ] && join=(--join "${sample%.in}.join")
    repeat "$sample" "$name" >"$work/in"
    best=0
    for ((i = 0; i < REPS; i++)); do
        rate=$(once "$name") || { rate=0; head -n 1 "$work/err" >&2; break; }
        [ "$rate" -gt "$best" ] && best=$rate
    done
    engine=$("$BUILD/bin/ift-format" --from "$name" --explain-recipe </dev/null 2>/dev/null |
        awk '$1 == "engine" {print $2; exit}')
    printf '%6d MB/s  %-28s %s\n' "$best" "$name" "$engine"
done | sort -n
