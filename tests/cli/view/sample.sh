args=()
input() { ift-format -q --from alpaca "$SRC/data/samples/alpaca.json" | ift-tokenize -q --model "$SRC/tests/golden/vocab"; }
cuts='raw gz zst'
