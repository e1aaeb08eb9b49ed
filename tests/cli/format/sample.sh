args=(--from alpaca)
input() { cat "$SRC/data/samples/alpaca.json"; }
cuts="gz zst raw"
