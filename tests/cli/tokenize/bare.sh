# --bare: one field as it is, all of it learned; ift-detokenize gives it back, whatever it holds.
vocab=$SRC/tests/golden/vocab/tokenizer.json
cat >t.jsonl <<'EOF'
{"text":"<s>not a token</s> \u0000 é中😀 \r\n\t  end "}
{"n":1,"text":"  two  spaces"}
EOF
ift-tokenize -q --bare --vocab "$vocab" --as jsonl t.jsonl | tee rows | ift-detokenize --vocab "$vocab"
grep -c -- -100 rows || true
ift-tokenize -q --bare --field q --vocab "$vocab" --as jsonl <<<'{"q":"other key"}' | ift-detokenize --field q --vocab "$vocab"
ift-tokenize -q --bare --field q --vocab "$vocab" t.jsonl >/dev/null || echo failed
