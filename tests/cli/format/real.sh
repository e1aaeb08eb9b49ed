# Published files through their recipes: what is counted is what the index of those files says (@) and what is known of them. What
# either engine writes is the same.
data=$SHARED/data
[ -d "$data/real" ] || { echo "skipped: $data/real is not there"; exit 77; }
runs=0
while read -r from file tally; do
    [ -e "$data/$file" ] || continue
    runs=$((runs + 1))
    n=$(awk -F '\t' -v file="${file#*/}" '$2 == file { print $4 }' "$data/${file%%/*}/INDEX.tsv")
    tally=${tally:-@ records in, @ out}
    ift-format --from "$from" --keep-going "$data/$file" -o ours 2>&1 | tail -n 1 | sed 's/ift-format: //; s/, 0 rejected//' >counted
    [ "$(cat counted)" = "${tally//@/$n}" ] || echo "$from $file: $(cat counted); expected ${tally//@/$n}"
    ift-format -q --from "$from" --engine libjq --keep-going "$data/$file" 2>/dev/null | cmp - ours
done <<'END'
alpaca real/alpaca/alpaca_5000.json @ records in, @ out; 2 with an empty output
alpaca real/alpaca-cot/formatted_cot_data/aqua_train.json
alpaca real/alpaca-cot/formatted_cot_data/creak_train.json
alpaca real/alpaca-cot/formatted_cot_data/ecqa_train.json
alpaca real/alpaca-cot/formatted_cot_data/qasc_train.json
alpaca real/alpaca-cot/formatted_cot_data/sensemaking_train.json
alpaca real/alpaca-cot/formatted_cot_data/strategyqa_train.json
alpaca real/extra-llamafactory/identity.json
alpaca-gpt4 real/extra-llamafactory/alpaca_en_demo.json
alpaca-gpt4 real/extra-llamafactory/alpaca_zh_demo.json
alpaca-gpt4 real/alpaca-gpt4/vicuna_question_80.jsonl @ records in, 0 out, @ rejected
alpaca-gpt4 real/alpaca-gpt4/cmp_data_scores.json @ records in, 0 out, @ rejected
belle real/belle/dev1K.json
code-alpaca real/code-alpaca/data/code_alpaca_2k.json @ records in, @ out; 2 with an empty output
code-alpaca real/code-alpaca/data/new_codealpaca.json
firefly real/firefly/dummy_data.jsonl
firefly real/firefly/dummy_data_chatglm3.jsonl @ records in, 33 out, 1 rejected
firefly real/firefly/pretrain/dummy_pretrain.jsonl @ records in, 0 out, @ rejected
firefly-dpo real/firefly/dummy_dpo.jsonl
gpteacher real/gpteacher/Codegen/codegen-instruct.json
gpteacher real/gpteacher/Roleplay/roleplay-similarity_0.6-instruct-dataset.json
gpteacher real/gpteacher/Roleplay/roleplay-simple-deduped-roleplay-instruct.json
gpteacher real/gpteacher/Toolformer/toolformer-dedupe-only-dataset.json
gpteacher real/gpteacher/Toolformer/toolformer-similarity-0.6-dataset.json
gpteacher real/gpteacher/Toolformer/toolformer-similarity-0.7-dataset.json
gpteacher real/gpteacher/Toolformer/toolformer-similarity-0.8-dataset.json
gpteacher real/gpteacher/Toolformer/toolformer-similarity-0.9-dataset.json
gsm8k evalsets/gsm8k/train.jsonl
gsm8k evalsets/gsm8k/test.jsonl
hc3 real/hc3/wiki_csai.jsonl
instinwild real/instinwild/data/seed_prompts_ch.jsonl @ records in, 0 out, @ dropped
instinwild real/instinwild/data/seed_prompts_en.jsonl @ records in, 0 out, @ dropped
instinwild real/instinwild/data_v2/user_1.jsonl @ records in, 0 out, @ dropped
instinwild real/instinwild/data_v2/user_2.jsonl 248 records in, 0 out, @ dropped, 2 rejected
seed-tasks real/alpaca/seed_tasks.jsonl
seed-tasks real/alpaca-gpt4/user_oriented_instructions.jsonl
seed-tasks real/belle/data/1.5M/zh_seed_tasks.json
seed-tasks real/code-alpaca/seed_tasks.jsonl
seed-tasks real/gpt4all/user_oriented_instructions.jsonl
seed-tasks real/gpt4all/user_oriented_instructions.v2.jsonl
seed-tasks real/gpteacher/code_seed_tasks.jsonl
seed-tasks real/gpteacher/seedprompts.jsonl
END
[ $runs -ge 30 ] || echo "only $runs files"
grep -c '<<' <(ift-format -q --from gsm8k "$data/evalsets/gsm8k/train.jsonl") || true # no calculator's mark is left
