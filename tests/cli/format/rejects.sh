# --keep-going: nothing is lost, everything is named.
printf '{"instruction":"a","output":"b"}\n{"instruction":"\xe4\xb8\xad","output":}\r\n{"x":"\xff\xfe"}\n{"instruction":"c","output":"d"}' >a.jsonl
printf '[{"instruction":"a"},\n{"instruction":"e","output":""}, 7]' >b.json
ift-format --from alpaca --rejects rejects.jsonl a.jsonl b.json
cat rejects.jsonl
ift-format --from alpaca --keep-going a.jsonl
echo "--keep-going=1:"
ift-format --from alpaca --keep-going=1 --rejects two.jsonl a.jsonl || echo "exit $?"
wc -l <two.jsonl # the rejected records are there all the same
echo "mended:"
ift-format -q --jq '.raw // empty | sub("\"output\":}"; "\"output\":\"z\"}") | fromjson' rejects.jsonl --keep-going
printf 'a\tb\n1\t2\t3\n"x' >c.tsv
ift-format --from flan-cot --keep-going --rejects rows.jsonl c.tsv || echo "exit $?"
cat rows.jsonl
