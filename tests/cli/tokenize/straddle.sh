# A token that covers the edge of what is learned: masked or trained as asked, and counted.
cat >p.json <<'EOF'
{"about": "x", "user": "{instruction}", "answer": "{output}"}
EOF
echo '{"instruction":"what th","input":"","output":"at is"}' >r.jsonl
for s in mask train split; do ift-tokenize --vocab "$SRC/tests/golden/vocab" --prompt ./p.json --straddle $s --explain r.jsonl; done
# The end token of an answer, learned unless asked otherwise.
echo '{"instruction":"a","input":"","output":"b"}' >e.jsonl
for eos in '' --mask-eos; do ift-tokenize -q --vocab "$SRC/tests/golden/vocab" $eos --explain e.jsonl | tail -n 2; done
