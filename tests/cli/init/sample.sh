args=(--config "$SRC/tests/golden/peft/base-llama")
input() { :; }
