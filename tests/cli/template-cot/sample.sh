args=(-s 1)
input() { cat "$SRC/data/samples/cot.jsonl"; }
