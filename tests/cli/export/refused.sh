# What a format cannot say is refused by name, and leaves nothing.
golden=$SRC/tests/golden/model
try() {
    ift-export -q "$@" -o out 2>&1 | sed "s|$golden/||"
    [ ! -e out ]
}
try --model "$golden/llama/model" --to safetensors
try --model "$golden/llama/model" --to hf --dtype q8_0
try --model "$golden/llama/model" --to pth --dtype q8_0
try --model "$golden/llama/model" --to gguf --shard-size 1
try --model nowhere --to gguf
for case in bloom-odd gpt2-odd llama-dynamic-odd mistral-yarn-odd qwen2-odd qwen3-odd; do
    try --model "$golden/$case/model" --to pth
done
for case in bloom-odd gpt2-odd mistral-yarn-odd qwen3-odd; do
    try --model "$golden/$case/model" --to gguf
done
shape='"vocab_size":131,"hidden_size":24,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":20'
while read -r to name keys; do
    echo "{$shape,\"model_type\":\"${name%%-*}\"$keys}" >config.json
    ift-init -q --config config.json -s 1 -o "$name"
    try --model "$name" --to "$to"
done <<'END'
pth llama ,"head_dim":8
pth mistral ,"num_key_value_heads":2,"sliding_window":64
gguf chatglm ,"num_hidden_layers":2,"num_layers":2,"ffn_hidden_size":20,"padded_vocab_size":131
gguf moss ,"n_positions":64,"n_embd":24,"n_layer":2,"n_head":4,"rotary_dim":6,"n_ctx":64
gguf baichuan ,"norm_head":true
END
cp -r "$golden/llama/model" named
echo '{}' >named/encoder.json
: >named/vocab.bpe
try --model named --to gguf
mkdir full
touch full/file
try --model "$golden/llama/model" --to pth -o full || true
ift-export -q --model "$golden/llama/model" --to gguf -o full 2>&1 || echo "exit $?"
ls full
