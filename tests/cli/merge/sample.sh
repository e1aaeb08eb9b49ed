args=(--model "$SRC/tests/golden/peft/base-llama" --adapter "$SRC/tests/golden/peft/lora-qv/final")
input() { :; }
