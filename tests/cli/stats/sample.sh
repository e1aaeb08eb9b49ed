args=()
input() { cat "$SRC/data/samples/cot.jsonl"; }
