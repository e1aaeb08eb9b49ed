# --by: a collection for each value; a record in several is in all of them, and once in the total.
cat >in.jsonl <<'END'
{"instruction":"a","input":"","output":"b","source":"flan","tags":["x","y","x"],"level":3}
{"instruction":"c","input":"","output":"d","source":"flan","tags":[],"level":3.0}
{"instruction":"a","input":"","output":"b","tags":["y"],"level":true}
{"instruction":"e","input":"","output":"f","source":"","level":null}
END
for key in source tags level output nothing; do
    echo "$key: $(ift-stats -q --by $key --as tsv in.jsonl | cut -f 1,2,12 | tail -n +2 | tr '\t\n' ': ')"
done
status() { "$@" || echo "exit $?"; }
echo '{"instruction":"a","input":"","output":"b","meta":{"x":1},"list":["a",[1]],"nul":"a\u0000b"}' >bad.jsonl
for key in meta list nul; do status ift-stats -q --by $key bad.jsonl; done
status ift-stats --by list --keep-going --as tsv bad.jsonl | cut -f 1-3
# A key that every record has for itself is a mistake, and told the same way whatever -j.
awk 'BEGIN { for (i = 0; i < 10001; i++) printf "{\"instruction\":\"a\",\"input\":\"\",\"output\":\"b\",\"id\":%d}\n", i }' >ids.jsonl
for j in 1 4; do status ift-stats -q -j $j --by id ids.jsonl; done
head -n 10000 ids.jsonl | ift-stats -q --by id --as tsv | wc -l
