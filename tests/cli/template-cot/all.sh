# --all: each record in each pattern, in order.
ift-template-cot --all --templates cot --templates cot-zh "$SRC/data/samples/cot.jsonl" | grep -o '"pattern":"[^"]*"' >out
wc -l <out
head -n 24 out | uniq | wc -l
head -n 1 out
tail -n 1 out
for j in 1 8; do ift-template-cot -q -j $j --all "$SRC/data/samples/cot.jsonl" >all.$j; done
cmp all.1 all.8
