# --explain: every token, the bytes it stands for, whether it is learned.
model=$SRC/tests/golden/vocab
echo '{"instruction":"Say \"hé中\".","input":"","output":"hé\t中 </s>"}' >r.jsonl
ift-tokenize -q --model "$model" --explain r.jsonl
echo '--parse-control'
ift-tokenize -q --model "$model" --explain --parse-control r.jsonl | tail -n 4
echo 'in an array, the element'
ift-format -q --from alpaca --as json-array "$SRC/data/samples/alpaca.json" |
    ift-tokenize -q --model "$model" --explain | grep tokens
