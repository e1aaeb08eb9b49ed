# The loss of rows under the reference's own weights, and what must not change it: threads, the size of a run, packing.
model=$SRC/tests/golden/model/llama/model rows=$SRC/tests/golden/train/rows.jsonl
ift-score -q --model "$model" "$rows" >scores
fields() { sed 's/[{}"]//g; s/,logprobs.*//; s/row:\|count:\|loss://g' "$1"; }
nulls() { sed 's/.*logprobs":\[\(.*\)\]}/\1/' scores | awk -F, '{ n = 0; for (i = 1; i <= NF; i++) n += $i != "null"; print n }'; }
wc -l <scores
paste -d' ' <(fields scores | cut -d, -f2) <(nulls) | awk '$1 != $2 { print "count is not of logprobs: " $0 }'

# Rows 1 and 2 are the first batch of the reference's own run: the mean over their tokens is its first loss.
want=$(tr -d ' \n' <"$SRC/tests/golden/train/cosine/case.json" | sed 's/.*"steps":\[{"update":[0-9]*,"loss":\([^,]*\),.*/\1/')
fields scores | head -n 2 | awk -F, -v want="$want" '{ n += $2; sum += $2 * $3 } END {
    d = sum / n - want; print (d < 1e-5 && d > -1e-5 ? "the first loss of the reference" : sum / n " is not " want) }'

ift-score -q --model "$model" --batch-tokens 30 -j 1 "$rows" >small
paste -d, <(fields scores) <(fields small) | awk -F, '$2 { d = $3 / $6 - 1; if (d > 1e-6 || d < -1e-6) print "differs: " $0 }'

total() { awk -F, '{ sum += $2 * $3 } END { printf "%.9g\n", sum }'; }
ift-pack -q --length 64 -o packed.ifs "$rows"
ift-score -q --model "$model" packed.ifs >packed
{ fields scores | total; fields packed | total; } | awk '{ loss[NR] = $1 } END {
    d = loss[2] / loss[1] - 1; print (d < 1e-6 && d > -1e-6 ? "packed is alone" : loss[2] " is not " loss[1]) }'
