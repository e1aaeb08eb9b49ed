# What people are shown: text, Markdown; TSV has the figures of JSON under the same names.
cat >b.jsonl <<'END'
{"instruction":"Translate | twice","input":"a\tb","output":"","rationale":"why","source":"x"}
{"instruction":"你好","input":"","output":"你好。","system":"Be kind.","messages":[{"role":"user","content":"你好"},{"role":"assistant","content":"你好。"},{"role":"user","content":"?"},{"role":"assistant","content":"!"}]}
END
cp "$SRC/data/samples/cot.jsonl" a.jsonl
: >empty.jsonl
ift-stats a.jsonl b.jsonl empty.jsonl
echo
ift-stats -q --as markdown --no-duplicates b.jsonl a.jsonl
ift-stats -q --as json a.jsonl b.jsonl empty.jsonl >page.json
ift-stats -q --as tsv a.jsonl b.jsonl empty.jsonl >page.tsv
awk -F '\t' 'NF != 88 { print "columns:", NF }' page.tsv
paste -sd ' ' <(cut -f 1-3,22,88 page.tsv | tr '\t' ' ')
grep -o '"output":{"records":[0-9]*' page.json | tr '\n' ' '
awk -F '\t' '{ for (i = 1; i <= NF; i++) if ($i == "output.records") c = i; print $c }' page.tsv | paste -sd ' '
