# A record without an answer to compare with, a misspelt task, an unknown rule.
try() { ift-eval -q --model "$SRC/data/models/tiny" "$@" >out || echo "exit $?" >&2; }
echo '{"instruction":"Say yes.","input":"","output":"yes"}' >words.jsonl
try words.jsonl
try --task answers words.jsonl
try --task '' words.jsonl
try --extract last words.jsonl
ift-eval --list
ift-eval --list -o list
ift-eval --list | cmp - list
