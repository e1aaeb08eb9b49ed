# -H: what a shard says of itself: vocabulary, every step that made it, counts and digests.
mkdir m && cp "$SRC"/tests/golden/vocab/* m
ift-format -q --from alpaca "$SRC/data/samples/alpaca.json" >r.jsonl
ift-tokenize -q --model m -j 3 -o t.ifs r.jsonl
ift-pack -q --length 200 -s 5 t.ifs >p.ifs
ift-view -H p.ifs | sed 's/"version":"[^"]*"/"version":"V"/g'
ift-view -H t.ifs p.ifs | wc -l
echo '{"ids":[1,2]}' >j.jsonl
ift-view -H j.jsonl || echo "$?"
