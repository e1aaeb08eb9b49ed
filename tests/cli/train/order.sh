# The order of rows is the seed's, or as given; a pipe is as good as a file, a shard as JSONL; micro-batches do not matter.
. "$SRC/tests/cli/train/common.sh"
run() { local name=$1; shift; "${train[@]}" --rank 4 --lr 0.01 --batch 3 --epochs 2 "$@" -o "$name" >"$name.metrics"; }
run a -s 1 "$rows"
run b -s 1 <"$rows"
cmp a.metrics b.metrics
cmp a/adapter_model.safetensors b/adapter_model.safetensors
run c -s 2 "$rows"
if cmp -s a.metrics c.metrics; then exit 1; fi
run d --order given "$rows"
sed 's/.*"learned"://' d.metrics | tr -d '}' >given
# Each epoch repeats the same rows in the same order.
cmp <(head -n 9 given) <(tail -n 9 given)
gzip -c "$rows" >rows.gz
run e --order given rows.gz
cmp d.metrics e.metrics
run f --order given --micro-tokens 14 "$rows"
paste -d: d.metrics f.metrics | awk -F'[:,}]' '
    { a = $6 - $21; b = $8 - $23; if (a * a > 1e-10 || b * b > 1e-10) print "differs: " $0 }'
