# A fresh model of each family is made, tuned and run, from the least its config.json must say; what
# LoRA takes hold of unless told.
shape='"vocab_size":131,"hidden_size":24,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":20'
head -n 4 "$SRC/tests/golden/train/rows.jsonl" >rows.jsonl
while read -r name keys; do
    echo "{$shape,\"model_type\":\"${name%%-*}\"$keys}" >config.json
    ift-init -q --config config.json -s 1 -o "$name"
    ift-train -q --model "$name" --steps 1 --no-timing -o "$name-lora" rows.jsonl >log.jsonl
    echo "$name $(tr -d ' \n' <"$name-lora/adapter_config.json" | grep -o '"target_modules":[^]]*]')"
    ift-merge -q --model "$name" --adapter "$name-lora" -o "$name-merged"
    ift-score -q --model "$name-merged" rows.jsonl >scores.jsonl
done <<'END'
llama ,"attention_bias":true,"mlp_bias":true
mistral ,"num_key_value_heads":2
qwen ,"kv_channels":6
qwen2 ,"num_key_value_heads":2
qwen3 ,"num_key_value_heads":2,"head_dim":10
internlm
internlm2 ,"num_key_value_heads":2
baichuan ,"max_position_embeddings":512
baichuan-13b ,"norm_head":true
END
