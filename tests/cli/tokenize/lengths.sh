# Rows longer than --max-length: left out, or cut at a side; a BOS stays; what then has nothing learned is left out too.
model=$SRC/tests/golden/vocab
cat >p.json <<'EOF'
{"about": "x", "user": "{bos}{instruction}:", "answer": "{output}{eos}"}
EOF
cat >r.jsonl <<'EOF'
{"instruction":"abcdefgh","input":"","output":"12"}
{"instruction":"ab","input":"","output":"123456789"}
{"instruction":"nothing","input":"","output":""}
EOF
go() {
    echo "-- $*"
    ift-tokenize --vocab "$model" --prompt ./p.json --as jsonl "$@" r.jsonl | sed 's/"labels.*//'
}
go
go --max-length 8
go --max-length 8 --truncate drop
go --max-length 8 --truncate left
go --max-length 8 --truncate right
go --max-length 8 --truncate split
cp -R "$model" with-bos
sed -i 's/"add_bos_token": false/"add_bos_token": true/' with-bos/tokenizer_config.json
model=with-bos
go --max-length 8 --truncate left
go --max-length 8 --truncate right
go --max-length 8 --truncate split
