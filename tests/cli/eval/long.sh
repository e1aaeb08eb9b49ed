# What is run at once is as long as the records are; beyond the model's positions one is refused.
tiny=$SRC/data/models/tiny
mkdir model
cp "$tiny"/*.safetensors "$tiny"/tokenizer* model
sed 's/\("max_position_embeddings":\) 512/\1 4096/' "$tiny/config.json" >model/config.json
words() { yes 'word 7 ' | head -n 500 | tr -d '\n'; }
printf '{"instruction":"%s","input":"","output":"7"}\n' "$(words)" >question.jsonl
printf '{"instruction":"7","input":"","output":"%s"}\n' "$(words)" >answer.jsonl
for file in question answer; do
    ift-eval -q --model model --max-new 3 $file.jsonl | sed 's/\("n":1\).*/\1/'
done
for task in loss answer; do
    ift-eval -q --model "$tiny" --task $task question.jsonl || echo "exit $?"
done
