# --template-index of several members: their numbers one after the other, each with lines of its own.
cp "$SRC/data/samples/cot.jsonl" .
mkdir index
printf '0\n11\n' >index/a
printf '3\n5\n' >index/b
tar -cf index.tar -C index a b
for index in index index.tar; do
    ift-template-cot -q --template-index $index cot.jsonl | grep -o '"pattern.*'
done
printf '3\n12\n' >index/b
ift-template-cot --template-index index cot.jsonl || echo "exit $?"
