args=(--model "$SRC/tests/golden/model/llama/model" --to hf)
input() { :; }
