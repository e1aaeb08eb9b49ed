# --template-index: one number a record, no more, no fewer, all of them patterns.
cp "$SRC/data/samples/cot.jsonl" .
pick() { printf "$1" >index; ift-template-cot --template-index index cot.jsonl | grep -o '"pattern.*'; }
set -o pipefail
pick '0\n11\n3\n3\n'
pick '0\r\n11\r\n3\r\n3'
pick '0\n1\n2\n' || echo "exit $?"
pick '0\n1\n2\n3\n4\n' || echo "exit $?"
pick '0\n12\n2\n3\n' || echo "exit $?"
pick '0\n\n2\n3\n' || echo "exit $?"
pick '0\n-1\n2\n3\n' || echo "exit $?"
pick '' || echo "exit $?"
printf '0\n1\n2\n' >index # too few numbers are no bad record
ift-template-cot -q --keep-going --template-index index cot.jsonl >/dev/null || echo "exit $?"
ift-template-cot --all --template-index index cot.jsonl || echo "exit $?"
