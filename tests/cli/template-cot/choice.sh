# The choice depends on the seed and the record's place alone: not on -j, not on what the other records are, not on how
# many files they came in; every pattern gets its share.
awk 'BEGIN { for (i = 0; i < 24000; i++) printf "{\"instruction\":\"q%d\",\"input\":\"\",\"output\":\"a\",\"rationale\":\"r\"}\n", i }' >in.jsonl
for j in 1 2 8; do ift-template-cot -q -s 7 -j $j in.jsonl >out.$j; cmp out.1 out.$j; done
split -n l/3 in.jsonl part.
ift-template-cot -q -s 7 part.* | cmp - out.1
sed '12001s/.*/{}/' in.jsonl | ift-template-cot -q -s 7 --rejects r >one-less
sed 12001d out.1 | cmp - one-less
ift-template-cot -q -s 8 in.jsonl | cmp -s - out.1 && echo "seeds 7 and 8 gave the same"
ift-template-cot -q -s 7 in.jsonl --templates cot | cmp - out.1
# 2000 expected of each of 12; the standard deviation is 43.
grep -o '"pattern":"[^"]*"' out.1 | sort | uniq -c | awk '$1 < 1800 || $1 > 2200 { print "uneven:", $0 } END { print NR, "patterns" }'
