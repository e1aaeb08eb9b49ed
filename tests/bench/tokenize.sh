#!/usr/bin/env bash
# tokenize.sh: encoding and decoding, one thread, beside gigatoken, tiktoken, tokenizers and sentencepiece: MB/s of processor
# time on new text with the words of no text before it (cold), on the same text again (warm), and of decoding. Runs take turns,
# so that all see the same machine; the best of ROUNDS counts. Ids are compared by their number (exactness has tests of its own).
#
#   PYTHON=FILE or ORACLE=FILE  an interpreter with the peers; who is missing is said and left out
#   MB=24 ROUNDS=2 TEXTS="en zh code" VOCABS="gpt2 llama3 qwen2 llama baichuan2 chatglm"
set -u
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$SRC/build}
SHARED=${SHARED:-$SRC/../shared}
PYTHON=${PYTHON:-${ORACLE:-}}
MB=${MB:-24} ROUNDS=${ROUNDS:-2} TEXTS=${TEXTS:-en zh code} VOCABS=${VOCABS:-gpt2 llama3 qwen2 llama baichuan2 chatglm}

skip() {
    echo "skipped: $1"
    exit 0
}
[ -n "$PYTHON" ] || skip "no interpreter with the peers; set ORACLE to a python that has them"
[ -e "$SHARED/bench/tok.py" ] || skip "no $SHARED/bench/tok.py"
make -s -C "$SRC" BUILD="$BUILD" DEPS=no "$BUILD/tests/bench/encode" || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/code"
cp "$(dirname "$("$PYTHON" -c 'import os; print(os.__file__)')")"/*.py "$work/code"
"$PYTHON" "$SHARED/bench/mkdata.py" "$SHARED/data/real" "$SHARED/data/evalsets" -o "$work" --code "$work/code" \
    --text-mb "$MB" --jsonl-mb 1 2>/dev/null

# vocabulary NAME: its file, and the peers that read it with what they want to hear, one a line.
file() {
    case $1 in
    gpt2 | qwen2) echo "$1/tokenizer.json" ;;
    llama3) echo llama3/tokenizer.rebuilt.json ;;
    llama | baichuan2) echo "$1/tokenizer.model" ;;
    chatglm) echo chatglm/ice_text.model ;;
    esac
}
peers() {
    case $1 in
    gpt2 | llama3 | qwen2)
        echo "gigafiles --vocab $SHARED/tok/$(file "$1") --kind $1"
        echo "tiktoken --vocab $SHARED/tok/$(file "$1") --kind $1"
        echo "hf --vocab $SHARED/tok/$(file "$1") --kind $1 --mb 2"
        ;;
    llama)
        echo "gigafiles --vocab $SHARED/tok/llama/hf_tokenizer.json"
        echo "spm --vocab $SHARED/tok/$(file llama) --kind spm --mb 4"
        ;;
    baichuan2)
        echo "gigafiles --vocab $SHARED/tok/$(file "$1") --kind spm"
        echo "spm --vocab $SHARED/tok/$(file "$1") --kind spm --mb 4"
        ;;
    chatglm) echo "spm --vocab $SHARED/tok/$(file "$1") --kind spm" ;;
    esac
}
missing=
for module in gigatoken tiktoken tokenizers sentencepiece; do
    "$PYTHON" -c "import $module" 2>/dev/null || { missing+=" $module"; echo "skipped: $module"; }
done
module() {
    case $1 in
    gigafiles) echo gigatoken ;;
    hf) echo tokenizers ;;
    spm) echo sentencepiece ;;
    *) echo "$1" ;;
    esac
}

# Best figures by column of the rows "COLD WARM DECODE IDS" in a file.
best() {
    awk '{ for (i = 1; i <= 3; i++) if ($i > m[i]) m[i] = $i; n = $4 }
         END { printf "%.1f %.1f %.1f %d\n", m[1], m[2], m[3], n }' "$1"
}
printf '%-5s %-10s %-13s %8s %8s %8s %10s %12s\n' text vocabulary program cold warm decode ids 'ift is, cold'
for text in $TEXTS; do
    [ -s "$work/$text.txt" ] || continue
    for vocab in $VOCABS; do
        rm -f "$work"/row.*
        for ((i = 0; i < ROUNDS; i++)); do
            "$BUILD/tests/bench/encode" "$SHARED/tok/$(file "$vocab")" "$work/$text.txt" 2 |
                sed 's/.*"encode":\[\([^,]*\),\([^]]*\)\],"decode":\([^,]*\),"ids":\([0-9]*\).*/\1 \2 \3 \4/' \
                    >>"$work/row.ift" || exit 1
            while read -r peer options; do
                [[ " $missing " != *" $(module "$peer") "* ]] || continue
                # shellcheck disable=SC2086 # options are words
                timeout 300 "$PYTHON" "$SHARED/bench/tok.py" one --impl "$peer" $options --chunks 1 --passes 2 \
                    --text "$work/$text.txt" 2>/dev/null | tail -n 1 |
                    sed 's/.*"tokens": \([0-9]*\).*"cpu_mbs": \[\([^],]*\),* *\([^]]*\)\].*/\2 \3 0 \1/' >>"$work/row.$peer"
            done < <(peers "$vocab")
        done
        read -r ours warm decode ids <<<"$(best "$work/row.ift")"
        printf '%-5s %-10s %-13s %8s %8s %8s %10s\n' "$text" "$vocab" ift "$ours" "$warm" "$decode" "$ids"
        while read -r peer _; do
            [ -s "$work/row.$peer" ] || continue
            read -r cold warm _ ids <<<"$(best "$work/row.$peer")"
            printf '%-5s %-10s %-13s %8s %8s %8s %10s %11.1fx\n' "$text" "$vocab" "$(module "$peer")" "$cold" "$warm" - \
                "$ids" "$(awk "BEGIN {print $ours / ($cold + 1e-9)}")"
        done < <(peers "$vocab")
    done
done
