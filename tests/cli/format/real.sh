# The other recipes on published files: counts from the index of those files, and what is known of them.
data=$SHARED/data
[ -d "$data/real" ] || { echo "skipped: $data/real is not there"; exit 77; }
convert() { # RECIPE FILE
    ift-format --from "$1" "$data/$2" 2>tally >out.jsonl || echo "$2: failed"
    ift-format -q --from "$1" --engine libjq "$data/$2" | cmp - out.jsonl
    echo "$1 ${2##*/}: $(sed 's/ift-format: //' tally)"
}
convert alpaca real/alpaca/alpaca_5000.json
convert alpaca real/extra-llamafactory/alpaca_en_demo.json
convert alpaca real/extra-llamafactory/alpaca_zh_demo.json
convert alpaca real/belle/dev1K.json
convert gpteacher real/gpteacher/Codegen/codegen-instruct.json
convert gpteacher real/gpteacher/Toolformer/toolformer-dedupe-only-dataset.json
convert gpteacher real/gpteacher/Toolformer/toolformer-similarity-0.6-dataset.json
convert code-alpaca real/code-alpaca/data/code_alpaca_2k.json
convert code-alpaca real/code-alpaca/data/new_codealpaca.json
convert gsm8k evalsets/gsm8k/train.jsonl
grep -c '<<' out.jsonl || true # no calculator's mark is left
convert gsm8k evalsets/gsm8k/test.jsonl
