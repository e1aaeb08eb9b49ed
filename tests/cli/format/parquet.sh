# Parquet files: as files, down a pipe, compressed, in archives; what is wrong in them, by row and
# column.
golden=$SRC/tests/golden/parquet
cp "$golden/snappy.parquet" a.parquet
recipe='{instruction: .prompt, output: (.messages // [] | map(.content? // "") | join("|")), id}'
ift-format -q --jq "$recipe" "$golden/snappy.jsonl" >expected
ift-format -q --jq "$recipe" a.parquet | cmp - expected
ift-format -q --jq "$recipe" <a.parquet | cmp - expected
cat a.parquet | ift-format -q -j 3 --jq "$recipe" | cmp - expected
gzip -c a.parquet | ift-format -q --jq "$recipe" | cmp - expected
mkdir d && cp a.parquet d && tar -cf d.tar d
ift-format -q --jq "$recipe" d.tar | cmp - expected
ift-format -q --jq "$recipe" a.parquet "$golden/snappy.jsonl" d.tar | cmp - <(cat expected expected expected)

sed 's/RED/R\xffD/' "$golden/values.parquet" >b.parquet
recipe='{instruction: .utf8, output: .enum}'
ift-format --jq "$recipe" b.parquet a.parquet || echo "exit $?"
ift-format --jq "$recipe" --rejects rejects.jsonl b.parquet
cut -c 1-90 rejects.jsonl
head -c 2000 a.parquet >cut.parquet
ift-format --jq . cut.parquet || echo "exit $?"
cat cut.parquet | ift-format --jq . || echo "exit $?"
TMPDIR=/nowhere ift-format --jq . - <a.parquet || echo "exit $?"
ift-format --from flan-cot a.parquet || echo "exit $?"
