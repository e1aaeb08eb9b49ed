#!/usr/bin/env bash
# format.sh: ift-format against polars, duckdb, orjson and the jq program: three of seven fields of
# real JSONL, one thread. Needs a python with the peers, $ORACLE (or $PYTHON), and the reference files in $SHARED; says
# what is missing and skips that. Runs take turns, so that all see the same machine. Then two threads
# against one, and against what two processes over half the input each show to be possible here.
#
#   MB=200 REPS=5   size of the input, repetitions
set -u
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$SRC/build}
SHARED=${SHARED:-$SRC/../shared}
PYTHON=${PYTHON:-${ORACLE:-}}
MB=${MB:-200} REPS=${REPS:-5}
PROJECT='{instruction: .prompt, input: .context, output: .completion}'

skip() {
    echo "skipped: $1"
    exit 0
}
[ -x "$BUILD/bin/ift-format" ] || skip "no $BUILD/bin/ift-format; run make"
[ -n "$PYTHON" ] || skip "no interpreter with the peers; set ORACLE to a python that has them"
[ -e "$SHARED/bench/jsonl.py" ] || skip "no $SHARED/bench/jsonl.py"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
in=$work/in.jsonl
mkdir "$work/code"
"$PYTHON" "$SHARED/bench/mkdata.py" "$SHARED/data/real" "$SHARED/data/evalsets" -o "$work" \
    --code "$work/code" --jsonl-mb "$MB" 2>/dev/null
mv "$work/rec.jsonl" "$in"

# once NAME COMMAND...: MB/s of processor time and peak memory, appended to $work/NAME.
once() {
    local name=$1
    shift
    /usr/bin/time -o "$work/time" -f '%U %S %M' "$@" >"$work/out.$name" || return 1
    awk -v mb="$(stat -c %s "$in")" '{printf "%.1f %.0f\n", mb / 1e6 / ($1 + $2 + 1e-9), $3 / 1024}' \
        "$work/time" >>"$work/$name"
}

peers=()
for peer in polars duckdb orjson; do
    if "$PYTHON" -c "import $peer" 2>/dev/null; then peers+=("$peer"); else echo "skipped: $peer"; fi
done
command -v jq >/dev/null || echo "skipped: jq"
export POLARS_MAX_THREADS=1 # duckdb is told so by jsonl.py
for ((i = 0; i < REPS; i++)); do
    once ift "$BUILD/bin/ift-format" -q -j 1 --jq "$PROJECT" "$in" || exit 1
    for peer in "${peers[@]}"; do
        once "$peer" "$PYTHON" "$SHARED/bench/jsonl.py" work --impl "$peer" --in "$in" \
            --out "$work/file.$peer" || exit 1
    done
    if command -v jq >/dev/null && [ "$i" = 0 ]; then once jq jq -c "$PROJECT" "$in" || exit 1; fi
done

best() {
    sort -rn "$work/$1" | head -n 1
}
read -r ours memory <<<"$(best ift)"
echo "$((MB)) MB, best of $REPS, MB/s of processor time"
printf '%-10s %8s %8s %6s\n' program MB/s 'RSS MB' ratio
printf '%-10s %8s %8s\n' ift-format "$ours" "$memory"
for peer in "${peers[@]}" jq; do
    [ -e "$work/$peer" ] || continue
    read -r rate rss <<<"$(best "$peer")"
    printf '%-10s %8s %8s %6s\n' "$peer" "$rate" "$rss" "$(awk "BEGIN {printf \"%.1f\", $ours / $rate}")"
done

# wall NAME COMMAND...: seconds by the clock, appended to $work/NAME.
wall() {
    local name=$1
    shift
    /usr/bin/time -o "$work/time" -f %e "$@" || return 1
    cat "$work/time" >>"$work/$name"
}

# Of threads the time is taken without a file to write, which takes the kernel as long with one
# thread as with two.
one() {
    "$BUILD/bin/ift-format" -q -j "$1" --jq "$PROJECT" "$2" >/dev/null
}
both_halves() {
    one 1 "$work/half.00" &
    one 1 "$work/half.01" && wait $!
}
export -f one both_halves
export BUILD PROJECT work
split -n l/2 -d "$in" "$work/half."
for ((i = 0; i < REPS; i++)); do
    wall one bash -c "one 1 '$in'" || exit 1
    wall two bash -c "one 2 '$in'" || exit 1
    wall halves bash -c both_halves || exit 1
done
"$BUILD/bin/ift-format" -q -j 2 --jq "$PROJECT" "$in" | cmp - "$work/out.ift" || exit 1
fastest() {
    sort -n "$work/$1" | head -n 1
}
awk -v one="$(fastest one)" -v two="$(fastest two)" -v halves="$(fastest halves)" 'BEGIN {
    printf "-j 2: %.2fx -j 1 by the clock; two processes over half the input each: %.2fx\n", one / two, one / halves
}'
# A figure counts only for the same output.
if [[ " ${peers[*]} " == *" orjson "* ]]; then
    cmp "$work/out.ift" "$work/file.orjson" || exit 1
fi
