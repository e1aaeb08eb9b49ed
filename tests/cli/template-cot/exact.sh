# Alpaca-CoT's published files, byte for byte: FLAN's raw rows, FLAN's patterns, and which pattern each row had.
data=$SHARED/data
[ -d "$data/oracles" ] || { echo "skipped: $data/oracles is not there"; exit 77; }
for name in aqua ecqa qasc sensemaking; do
    for j in 1 8; do
        ift-format -q -j $j --from flan-cot "$data/real/flan-cot/${name}_train.tsv" |
            ift-template-cot -q -j $j --templates "$data/oracles/flan_patterns/$name.jsonl" \
                --template-index "$data/oracles/cot_template_index/$name.txt" --as json-array |
            cmp - "$data/real/alpaca-cot/formatted_cot_data/${name}_train.json"
    done
done
