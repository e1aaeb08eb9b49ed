# Bad records stop the run, or are counted with --keep-going; the message says where and what.
model=$SRC/tests/golden/vocab
printf '%s\n' '{"instruction":"a","input":"","output":"b"}' '{"instruction":"a"}' '{"instruction":"a","system":"s","input":"","output":"b"}' >r.jsonl
ift-tokenize -q --model "$model" r.jsonl >/dev/null || echo "$?"
ift-tokenize --model "$model" --keep-going --rejects bad.jsonl --as jsonl r.jsonl | wc -l
sed "s|$SRC|SRC|" bad.jsonl
