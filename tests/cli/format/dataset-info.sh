# dataset_info.json as LLaMA-Factory writes and reads it.
mkdir d
cat >d/dataset_info.json <<'EOF'
{"plain": {"file_name": "plain.json"},
 "columns": {"file_name": "own.csv", "columns": {"prompt": "q", "response": "a", "system": "s"}},
 "history": {"file_name": "history.jsonl", "columns": {"prompt": "instruction", "query": "input", "response": "output", "history": "history"}},
 "talk": {"file_name": "talk.jsonl", "formatting": "sharegpt", "columns": {"messages": "conversations", "tools": "tools"}},
 "openai": {"file_name": "openai.jsonl", "formatting": "sharegpt", "columns": {"messages": "messages"},
   "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}},
 "pairs": {"file_name": "pairs.jsonl", "ranking": true, "columns": {"prompt": "q", "chosen": "c", "rejected": "r"}},
 "talkpairs": {"file_name": "talkpairs.jsonl", "ranking": true, "formatting": "sharegpt", "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"}},
 "kto": {"file_name": "kto.jsonl", "columns": {"prompt": "p", "response": "c", "kto_tag": "label"}},
 "text": {"file_name": "text.jsonl", "columns": {"prompt": "text"}},
 "lines": {"file_name": "lines.txt", "columns": {"prompt": "text"}}, "folder": {"file_name": "csvs", "num_samples": 1},
 "hub": {"hf_hub_url": "some/where"}, "film": {"file_name": "f.json", "columns": {"prompt": "p", "videos": "v"}},
 "odd": {"file_name": "f.json", "formatting": "csv"}, "unranked": {"file_name": "f.json", "ranking": true}}
EOF
echo '[{"instruction":"i","input":"n","output":"o"},{"instruction":"i","output":"o"}]' >d/plain.json
printf 'q,a,s\none,"1, 2",\ntwo,2,be brief\n' >d/own.csv
cat >d/history.jsonl <<'EOF'
{"instruction":"i","input":"n","output":"o","history":[["a","b"],["c","d"]]}
{"instruction":"i","input":"","output":"o","history":[]}
EOF
cat >d/talk.jsonl <<'EOF'
{"conversations":[{"from":"system","value":"s"},{"from":"human","value":"q"},{"from":"function_call","value":"f"},{"from":"observation","value":"r"},{"from":"gpt","value":"a"}],"tools":"[]"}
{"conversations":[{"from":"human","value":"q"},{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}
{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"},{"from":"human","value":"q"}]}
{"conversations":[{"from":"human","value":"q"},{"from":"bing","value":"a"}]}
EOF
echo '{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}' >d/openai.jsonl
echo '{"q":"q","c":"good","r":"bad"}' >d/pairs.jsonl
echo '{"conversations":[{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"good"},"rejected":{"from":"gpt","value":"bad"}}' >d/talkpairs.jsonl
printf '{"p":"q","c":"%s","label":%s}\n' good true bad false >d/kto.jsonl
echo '{"text":"all of it"}' >d/text.jsonl
printf 'a line\n\nanother,\t"with" \\n\n' >d/lines.txt
mkdir d/csvs
printf 'instruction,input,output\ni,,o\n' | tee d/csvs/1.csv >d/csvs/2.csv
for name in plain columns history talk openai pairs talkpairs kto text lines folder; do
    echo "-- $name"
    ift-format --dataset-info d/dataset_info.json --keep-going $name
done
for name in pairs talkpairs; do ift-format -q --dataset-info d/dataset_info.json --side rejected $name; done
ift-format -q --dataset-info d/dataset_info.json --engine native hub d/plain.json
ift-format -q --dataset-info d/dataset_info.json hub d/csvs/1.csv
ift-format --dataset-info d/dataset_info.json --explain-recipe hub d/csvs | grep read:
echo '-- what is refused'
for name in hub film odd unranked nothing; do ift-format --dataset-info d/dataset_info.json $name || echo $?; done
ift-format --dataset-info d/dataset_info.json || echo $?
# All of them on our own evaluator.
for name in plain columns history talk openai pairs talkpairs kto text lines folder; do
    ift-format -q --dataset-info d/dataset_info.json --engine native --keep-going $name 2>/dev/null |
        cmp - <(ift-format -q --dataset-info d/dataset_info.json --engine libjq --keep-going $name 2>/dev/null)
done
