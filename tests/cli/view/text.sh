# --text: each document's text and what of it is learned; with another vocabulary it is refused.
vocab=$SRC/tests/golden/vocab
ift-format -q --from alpaca "$SRC/data/samples/alpaca.json" | ift-tokenize -q --model "$vocab" | ift-pack -q --length 400 >p.ifs
ift-view --text --model "$vocab" p.ifs
ift-view --text --vocab "$SRC/tests/golden/tokenizer/model-0.model" p.ifs 2>err || sed "s|$SRC|SRC|" err
ift-view --text p.ifs || echo "$?"
