#!/usr/bin/env bash
# recipes.sh: ift-format on every recipe of data/formats that has a sample in tests/formats: MB/s of
# processor time, slowest first. None should read fewer than 60. The input is the largest real file
# that tests/cli/format converts by the recipe, or, where there is none, the sample; either is
# repeated until it is MB long. What is joined is read once and counts as read. Tables are found by
# many questions: of such a recipe, what is written tells more than what is read.
#
#   MB=20 REPS=3   size of the input, repetitions
#   SHARED=…       where data/real and data/evalsets lie; ../shared of the checkout if it is there
set -u
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$SRC/build}
PYTHON=${PYTHON:-${ORACLE:-}}
MB=${MB:-20} REPS=${REPS:-3}
SHARED=${SHARED:-$SRC/../shared}
export IFT_DATA=$SRC/data

skip() {
    echo "skipped: $1"
    exit 0
}
[ -x "$BUILD/bin/ift-format" ] || skip "no $BUILD/bin/ift-format; run make"
[ -n "$PYTHON" ] || skip "no interpreter to make the input with; set ORACLE to a python"

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

# real NAME: the file, or nothing. Of what is joined, real copies have questions without tables.
real() {
    grep -q '^# join:' "$SRC/data/formats/$1.jq" && return
    sed -n "s/^convert $1 \\([^ ]*\\).*/\\1/p" "$SRC"/tests/cli/format/real*.sh |
        while read -r file; do
            case $file in *.zip | *.gz) continue ;; esac
            [ -s "$SHARED/data/$file" ] && stat -c '%s %n' "$SHARED/data/$file"
        done | sort -n | tail -n 1 | cut -d ' ' -f 2-
}

# once NAME: MB/s that it read and that it wrote.
once() {
    # bash counts milliseconds, time(1) hundredths, which are few for the fastest recipes.
    local TIMEFORMAT='%3U %3S'
    { time "$BUILD/bin/ift-format" -q -j 1 --keep-going --rejects "$work/rejects" --from "$1" \
        "${join[@]}" "$work/in" >"$work/out" 2>"$work/err"; } 2>"$work/time" || return 1
    awk -v in_="$(stat -c %s "$work/in")" -v joined="$joined" -v out="$(stat -c %s "$work/out")" \
        '{ s = 1e6 * ($1 + $2); printf "%.0f %.0f\n", (in_ + joined) / s, out / s }' \
        "$work/time"
}

for sample in "$SRC"/tests/formats/*.in; do
    name=$(basename "$sample" .in)
    join=() joined=0
    if [ -e "${sample%.in}.join" ]; then
        join=(--join "${sample%.in}.join")
        joined=$(find "${sample%.in}.join" -type f -printf '%s\n' | awk '{n += $1} END {print n}')
    fi
    file=$(real "$name")
    # Of some the copy at hand has nothing that the recipe takes.
    [ -z "$file" ] || [ -n "$("$BUILD/bin/ift-format" -q --keep-going --from "$name" "$file" \
        2>"$work/err" | head -c 1)" ] || file=
    repeat "${file:-$sample}" "$name" >"$work/in"
    best=0 wrote=0
    for ((i = 0; i < REPS; i++)); do
        rate=$(once "$name") || { best=0; head -n 1 "$work/err" >&2; break; }
        [ "${rate% *}" -ge "$best" ] && best=${rate% *} wrote=${rate#* }
    done
    engine=$("$BUILD/bin/ift-format" --from "$name" --explain-recipe </dev/null 2>/dev/null |
        awk '$1 == "engine" {print $2; exit}')
    printf '%6d MB/s read %6d written  %-28s %-7s %s\n' "$best" "$wrote" "$name" "$engine" \
        "${file:+real}${file:-sample}" | sed "s#real$SHARED/data/##"
done | sort -n
