# A row in which nothing is learned is left out and counted, not an error: records in = records out + dropped.
cat >p.json <<'EOF'
{"about": "x", "user": "{instruction}", "answer": "{output}"}
EOF
printf '%s\n' '{"instruction":"a","input":"","output":""}' '{"instruction":"a","input":"","output":"b"}' |
    ift-tokenize --vocab "$SRC/tests/golden/vocab" --prompt ./p.json --as jsonl
# The first token of a row is never predicted: alone it teaches nothing.
echo '{"text":"a"}' | ift-tokenize --vocab "$SRC/tests/golden/vocab" --bare --as jsonl
