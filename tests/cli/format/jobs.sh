# The bytes do not depend on -j, rejects included.
awk 'BEGIN {
    for (i = 0; i < 30000; i++) {
        if (i % 997 == 5) print "{\"instruction\": broken " i
        else if (i % 1009 == 3) print "{\"instruction\":\"no output " i "\"}"
        else printf "{\"instruction\":\"question %d\",\"output\":\"%0*d\",\"n\":%d}\n", i, i % 90 + 1, i, i
    }
}' >in.jsonl
for j in 1 2 3 8; do
    for as in jsonl json-array; do
        ift-format --from alpaca -j $j --as $as --rejects rejects.$as.$j -o out.$as.$j in.jsonl 2>tally.$as.$j
        cmp out.$as.1 out.$as.$j
        cmp rejects.$as.1 rejects.$as.$j
        cmp tally.$as.1 tally.$as.$j
    done
done
cat tally.jsonl.8
cat in.jsonl | ift-format -q --from alpaca -j 8 --rejects r - >out # through a pipe in small pieces
cmp out out.jsonl.1
# Stopping at the first bad record: everything before it is there, whatever -j.
for j in 1 8; do ift-format --from alpaca -j $j in.jsonl >stop.$j 2>err.$j && echo "-j $j: went on"; done
cmp stop.1 stop.8
cmp err.1 err.8
wc -l <stop.1
cat err.1
