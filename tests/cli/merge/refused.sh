# Adapters that would change the numbers in a way we do not compute are refused by name.
golden=$SRC/tests/golden/peft
try() {
    rm -rf bad
    cp -R "$golden/lora-qv/final" bad
    chmod -R u+w bad
    sed -i "$1" bad/adapter_config.json
    ift-merge -q --model "$golden/base-llama" --adapter bad -o out || echo "exit $?"
    [ ! -e out ]
} 2>&1
try 's/"use_dora": false/"use_dora": true/'
try 's/"bias": "none"/"bias": "all"/'
try 's/"modules_to_save": null/"modules_to_save": ["lm_head"]/'
try 's/"modules_to_save": null/"modules_to_save": ["mlp", "up_proj"]/'
try 's/"modules_to_save": null/"modules_to_save": ["layers"]/'
try 's/"modules_to_save": null/"modules_to_save": ["_proj"]/'
try 's/"modules_to_save": null/"modules_to_save": [1]/'
try 's/"modules_to_save": null/"modules_to_save": null, "trainable_token_indices": [1]/'
try 's/"init_lora_weights": true/"init_lora_weights": "pissa_niter_4"/'
try 's/"LORA"/"ADALORA"/'
try 's/"r": 4/"r": 5/'
try 's/"q_proj",/"k_proj",/'
try 's/"q_proj",/"q_proj", "o_proj",/'
try 's/"q_proj",/"lm_head",/'
rm bad/adapter_model.safetensors
touch bad/adapter_model.bin
cp "$golden/lora-qv/final/adapter_config.json" bad/
ift-merge -q --model "$golden/base-llama" --adapter bad -o out 2>&1 || echo "exit $?"
