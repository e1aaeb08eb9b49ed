args=(--length 256 -s 1)
input() { ift-format -q --from alpaca "$SRC/data/samples/alpaca.json" | ift-tokenize -q --model "$SRC/tests/golden/vocab"; }
cuts='raw gz zst'
