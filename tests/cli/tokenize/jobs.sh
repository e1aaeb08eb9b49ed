# Many batches: the bytes and the tally are the same for any number of threads.
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "{\"instruction\":\"count to %d\",\"input\":\"\",\"output\":\"%d %s\"}\n", i, i, i % 7 ? "yes" : "" }' >r.jsonl
for j in 1 2 8; do ift-tokenize --model "$SRC/tests/golden/vocab" -j $j r.jsonl >rows.$j 2>tally.$j; done
cmp rows.1 rows.8
cmp rows.1 rows.2
cmp tally.1 tally.8
cat tally.1
