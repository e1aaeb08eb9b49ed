# One object a document; control tokens by name only where asked.
vocab=$SRC/tests/golden/vocab
ift-format -q --from alpaca "$SRC/data/samples/alpaca.json" | ift-tokenize -q --model "$vocab" | ift-pack -q --length 500 >p.ifs
ift-detokenize --model "$vocab" p.ifs | tail -n 2
ift-detokenize --model "$vocab" --keep-control p.ifs | tail -n 2
echo '{"ids":[70,99999]}' | ift-detokenize --model "$vocab" || echo "$?"
ift-detokenize p.ifs || echo "$?"
