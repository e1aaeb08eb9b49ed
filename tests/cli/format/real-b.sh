# Published files of the collections from Baize on: what is known of each file holds of what its recipe makes of it.
. "$SRC/tests/cli/format/convert.bash"
role='"role":"assistant","content":"([^"\\]|\\.)*"}'
for side in chosen rejected; do
    convert hh-rlhf real/hh-rlhf/harmless-base/test.jsonl.gz in --side $side
    echo "two answers in a row: $(grep -cE "$role,\{$role" out.jsonl)"
done
for f in "$data"/real/hh-rlhf/helpful-*/*.gz; do
    ift-format --from hh-rlhf "$f" 2>&1 | grep -o 'is a Git LFS pointer'
done
convert oig real/oig/unified_joke_explanations.jsonl in
convert sharegpt real/sharegpt/data/dummy_conversation.json in
for f in AQuA/test.json AddSub/AddSub.json MultiArith/MultiArith.json SVAMP/SVAMP.json SingleEq/questions.json \
    CommonsenseQA/{dev_rand_split,train_rand_split,test_rand_split_no_answers}.jsonl \
    grade-school-math/test.jsonl; do
    convert auto-cot real/auto-cot/dataset/$f in
done
convert gsm8k real/auto-cot/dataset/grade-school-math/test.jsonl in
for f in Bigbench_Date/task Bigbench_object_tracking/task StrategyQA/task coin_flip/coin_flip last_letters/last_letters; do
    convert auto-cot real/auto-cot/dataset/$f.json out
done
convert auto-cot real/auto-cot/demos/multiarith_auto -
convert auto-cot real/auto-cot/demos/multiarith_manual -
convert ultrachat examples/ultrachat.jsonl -
convert ultrachat real/ultrachat/ultra_eval.json in
for f in cls_ctg/{dev,test,train} cls_dcp/{dev,test} kg/{dev,test} ts/{dev,test}; do
    convert csl real/csl/$f.tsv in
done
convert pclue real/pclue/datasets/pCLUE_train_9.json in

# one file a dialogue
find "$data/real/moss/conversations" -name '*.json' | sort >files
mapfile -t files <files
ift-format --from moss "${files[@]}" 2>log >out.jsonl
echo "ift-format: ${#files[@]} records in, ${#files[@]} out" | cmp - log
ift-format -q --from moss --engine libjq "${files[@]}" | cmp - out.jsonl
grep -cE '"content":"<\||<eo[hm]>' out.jsonl || true # no markup is left
ift-format -q --from moss --turns each "${files[@]}" | wc -l >turns
grep -ho '"turn_[0-9]*"' "${files[@]}" | wc -l | cmp - turns

for f in "$data"/real/chinese-medical/*.csv; do
    ift-format --from chinese-medical "$f" -o out.jsonl 2>&1
    iconv -f GB18030 -t UTF-8 "$f" | ift-format -q --from chinese-medical --encoding UTF-8 | cmp - out.jsonl
done
find "$data/real/chinese-medical" -name '*.txt' -exec ift-format --from chinese-medical-txt -o out.jsonl {} \; 2>&1
