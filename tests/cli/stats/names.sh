# Files are called by their stems, by their paths where those are the same; an archive is one collection, and so is a folder.
record='{"instruction":"a","input":"","output":"b"}'
mkdir one two
echo "$record" | tee one/x.jsonl two/x.jsonl y.json >名前.ndjson
gzip -c y.json >y2.jsonl.gz
tar czf many.tar.gz one two
names() { ift-stats -q --as tsv "$@" | cut -f 1,2 | tail -n +2 | tr '\t\n' '= '; echo; }
names one/x.jsonl two/x.jsonl y.json y2.jsonl.gz many.tar.gz 名前.ndjson
names many.tar.gz y.json --member 'two/*'
names one two/ y.json
names . --member 'two/*'
names - <y.json
names <y.json
