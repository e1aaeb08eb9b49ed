# Mistakes on the command line.
ift-tokenize </dev/null || echo "$?"
ift-tokenize --model a --vocab b </dev/null || echo "$?"
ift-tokenize --vocab "$SRC/tests/golden/vocab" --prompt alpca </dev/null || echo "$?"
ift-tokenize --vocab no/such </dev/null || echo "$?"
ift-tokenize --vocab "$SRC/tests/golden/vocab/tokenizer.json" </dev/null 2>err || sed "s|$SRC|SRC|" err
