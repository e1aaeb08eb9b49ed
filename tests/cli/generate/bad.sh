# Bad input names file and line; a prompt that leaves no room is refused.
model=$SRC/data/models/tiny
try() { ift-generate -q --model "$model" "$@" >out || echo "exit $?" >&2; }
printf '{"instruction":"a","input":"","output":"b"}\n{"instruction":7}\n' >bad.jsonl
try bad.jsonl
echo '{"text":"one two three"}' >text.jsonl
try --bare --field missing text.jsonl
try --bare --context 3 text.jsonl
try --context 100000 text.jsonl
try --bare --beams 2 --temperature 0.5 text.jsonl
ift-generate -q --model "$model" --bare --max-new 3 text.jsonl | sed "s/:[^,]*//g"
