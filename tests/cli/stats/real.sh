# The same on published collections: six of questions and answers, one in Chinese, one of dialogues.
real=$SHARED/data/real
[ -d "$real/flan-cot" ] || { echo "skipped: $real/flan-cot is not there"; exit 77; }
for name in aqua creak ecqa gsm8k qasc; do
    ift-format -q --from flan-cot -o $name.jsonl "$real/flan-cot/${name}_train.tsv"
done
ift-format -q --from alpaca -o alpaca.jsonl "$real/alpaca/alpaca_5000.json"
ift-format -q --from alpaca -o belle.jsonl "$real/belle/dev1K.json"
ift-format -q -o hh.jsonl "$real/hh-rlhf/harmless-base/test.jsonl.gz" --jq '{messages: [.chosen
    | split("\n\nHuman: ")[1:][] | split("\n\nAssistant: ")
    | {role: "user", content: .[0]}, {role: "assistant", content: (.[1:] | join("\n\nAssistant: "))}]}'
for j in 1 8; do
    ift-stats -q -j $j --as json ./*.jsonl >page.$j
    cmp page.$j "$SRC/tests/golden/stats/real.json"
done
