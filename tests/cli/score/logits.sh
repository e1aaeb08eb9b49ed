# --logits writes one tensor a row; --all scores what is not learned too; --brief leaves the list out.
model=$SRC/tests/golden/model/llama/model
printf '{"ids":[1,5,9,7]}\n{"ids":[1,8],"labels":[-100,-100]}\n' >ids.jsonl
ift-score -q --model "$model" --logits logits.safetensors ids.jsonl | sed 's/"loss":[0-9.]*/"loss":L/; s/-[0-9.e-]*/P/g'
dd if=logits.safetensors bs=1 skip=8 count=400 2>/dev/null | tr -d ' \n' | grep -ao '"logits.[01]":{[^}]*}'
ift-score -q --model "$model" --all --brief ids.jsonl | sed 's/"loss":[0-9.]*/"loss":L/'
