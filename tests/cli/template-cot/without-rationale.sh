# Records without a rationale: refused unless told otherwise, and counted.
cat >in.jsonl <<END
{"instruction":"a","input":"","output":"b","rationale":"r"}
{"instruction":"c","input":"","output":"d"}
{"instruction":"e","input":"","output":"f","rationale":null,"k":1}
{"instruction":"g","input":"","output":"h","rationale":""}
END
ift-template-cot in.jsonl >out || echo "exit $?"
wc -l <out
for what in pass drop; do
    echo "$what:"
    ift-template-cot --without-rationale $what in.jsonl | sed '/"rationale":"r"/d'
done
ift-template-cot --rejects rejects in.jsonl | wc -l
sed 's/pattern [^:]*/pattern ?/' rejects
ift-template-cot -q --templates direct in.jsonl | wc -l # needs none
ift-template-cot --all --without-rationale pass --templates cot --templates direct in.jsonl | grep -vc '"pattern"'
