# What does not fit the model is refused by name.
ln -s "$SRC/tests/golden/model/llama/model" model
try() { ift-score -q --model model "$@" >out || echo "exit $?" >&2; }
echo '{"ids":[1,131]}' >beyond.jsonl
try beyond.jsonl
echo '{"ids":[1,2,3,4]}' >long.jsonl
try --batch-tokens 3 long.jsonl
try --prompt alpaca long.jsonl
try --bare --prompt alpaca long.jsonl
printf '{"ids":[%s]}\n' "$(yes 1 | head -n 513 | paste -sd,)" >positions.jsonl
ift-score -q --model "$SRC/data/models/tiny" --all positions.jsonl || echo "exit $?" >&2
