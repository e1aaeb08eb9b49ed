# FLAN's seven files convert with in = out, in both readings; counts are those of the published files.
data=$SHARED/data/real/flan-cot
[ -d "$data" ] || { echo "skipped: $data is not there"; exit 77; }
while read -r name count; do
    for from in flan-cot flan-cot-plain; do
        ift-format --from $from "$data/${name}_train.tsv" >out.jsonl 2>tally
        [ "$(wc -l <out.jsonl)" -eq "$count" ] || echo "$name, $from: $(wc -l <out.jsonl) records, expected $count"
        echo "ift-format: $count records in, $count out" | cmp - tally
    done
done <<END
aqua 2728
creak 6915
ecqa 7112
gsm8k 7473
qasc 1084
sensemaking 6070
strategyqa 2061
END
