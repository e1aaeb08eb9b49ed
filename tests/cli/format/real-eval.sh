# Published files of sets that models are judged on, and of the tabular sets.
. "$SRC/tests/cli/format/convert.bash"
for f in "$data"/evalsets/gaokao/Data/*/*.json "$data"/evalsets/gaokao/history/*.json; do
    convert gaokao "${f#"$data/"}" out >>gaokao
done
awk '{ sub(/.*: /, ""); in_ += $1; out += $4; rejected += $6 }
     END { print "gaokao: " in_ " in, " out " out, " rejected " rejected" }' gaokao
grep -v ' records in, ' gaokao || true # what convert complained of
convert belle-eval evalsets/belle/eval_set.json in
for f in 2023-04-03_375be6e 2023-04-04_7890672 2023-04-12_f064d30 2023-04-14_5b9070b; do
    convert belle-eval evalsets/belle/history/${f}_eval_set.json out
done
convert belle-eval evalsets/alpaca-cot-raw/belle/eval_set.json in
convert mmcu evalsets/alpaca-cot-raw/mmcu/test.json in
convert ceval evalsets/ceval/ceval.zip in
# the files that the archive holds lie beside it, with other line ends
sed 's/\\r\\n/\\n/g' out.jsonl | sort >zip
ift-format --from ceval "$data"/evalsets/ceval/{dev,val,test}/*.csv 2>log | sed 's/\\r\\n/\\n/g' | sort | cmp - zip
cat log
convert fetaqa real/tabular/fetaqa/data/fetaQA-v1_dev.jsonl in
convert fetaqa real/tabular/fetaqa/data/fetaQA-v1_test.jsonl in
convert fetaqa real/tabular/fetaqa/end2end/data/fetaQA-v1_dev.json out
convert tabmwp real/tabular/tabmwp/problems_dev1k.json out
convert tabmwp real/tabular/tabmwp/problems_test1k.json out

# files that not every copy of the data has: nothing is said of them where all is well
tatqa=$data/real/tabular/tatqa/tatqa_dataset_dev.json
[ ! -e "$tatqa" ] ||
    ift-format --from tatqa "$tatqa" -o out.jsonl 2>&1 | grep -vx 'ift-format: 278 records in, 1668 out' || true
aitqa=$data/real/tabular/aitqa
[ ! -e "$aitqa" ] ||
    ift-format --from aitqa --join "$aitqa/aitqa_tables.jsonl" "$aitqa/aitqa_questions.jsonl" -o out.jsonl 2>&1 |
    grep -vx 'ift-format: 515 records in, 515 out' || true
