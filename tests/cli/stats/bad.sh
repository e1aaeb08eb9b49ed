# What is no record ends the run, with its place; --keep-going leaves it out, and says so.
printf '%s\n' '{"instruction":"a","input":"","output":"b"}' '{"instruction":"a","output":"b"}' >in.jsonl
status() { "$@" || echo "exit $?"; }
status ift-stats in.jsonl
status ift-stats --keep-going --as tsv in.jsonl | cut -f 1,2
status ift-stats -q --rejects bad.jsonl --as tsv in.jsonl | cut -f 1,2
cat bad.jsonl
status ift-stats --svg - in.jsonl
status ift-stats -q --svg no/such/folder.svg "$SRC/data/samples/cot.jsonl" >out
status ift-stats --vocab ./nothing in.jsonl
status ift-stats -q --as xml in.jsonl
