# Compressed files and archives, members chosen by name, messages that name the member.
cp "$SRC"/data/samples/dolly.jsonl a.jsonl
mkdir -p d && cp a.jsonl d/one.jsonl && cp a.jsonl d/two.jsonl && echo '{"broken' >d/notes.txt
ift-format -q --from dolly a.jsonl a.jsonl >expected
tar -cf all.tar d
ift-format -q --from dolly --member '*.jsonl' all.tar | cmp - expected
gzip -c all.tar | ift-format -q --from dolly --member '*.jsonl' | cmp - expected
gzip -c a.jsonl >a.gz
ift-format -q --from dolly a.gz a.jsonl | cmp - expected
cat a.gz a.gz | ift-format -q --from dolly | cmp - expected
ift-format -q --from dolly --member 'd/notes.txt' all.tar || echo "exit $?"
ift-format -q --from dolly --member '*.csv' all.tar || echo "exit $?"
