# Rows as JSONL: the prompt is not learned, the answer and its end are; a shard says the same.
model=$SRC/tests/golden/vocab
ift-format -q --from alpaca "$SRC/data/samples/alpaca.json" >records.jsonl
ift-tokenize -q --model "$model" --as jsonl records.jsonl | tee rows.jsonl
ift-tokenize -q --model "$model" records.jsonl | ift-view | cmp - rows.jsonl
ift-tokenize -q --vocab "$model" --prompt alpaca --as jsonl <records.jsonl | cmp - rows.jsonl
