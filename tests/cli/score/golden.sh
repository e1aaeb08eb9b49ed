# The loss of the first rows under the reference's own weights (tests/golden/train: the first batch is rows 1 and 2), and
# what must not change it: threads, the size of a run, the spelling of the rows, packing.
model=$SRC/tests/golden/model/llama/model
ift-score -q --model "$model" "$SRC/tests/golden/train/rows.jsonl" >scores
wc -l <scores
jq -c '[.row, .count, (.logprobs | length), (.logprobs | map(select(. != null)) | length)]' scores | head -n 3
ift-score -q --model "$model" --batch-tokens 30 -j 1 "$SRC/tests/golden/train/rows.jsonl" >small
paste <(jq .loss scores) <(jq .loss small) | awk '{ d = $1 - $2; if (d * d > 1e-12) print "differs: " $0 }'
ift-pack -q --length 64 -o packed.ifs "$SRC/tests/golden/train/rows.jsonl"
sum() { jq -s 'map(select(.count > 0) | .loss * .count) | add'; }
{ sum <scores; ift-score -q --model "$model" packed.ifs | sum; } | awk '
    { loss[NR] = $1 } END { d = loss[1] / loss[2] - 1; print (d * d < 1e-12 ? "packed equals alone" : loss[1] " is not " loss[2]) }'
