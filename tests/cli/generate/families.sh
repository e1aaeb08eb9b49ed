# The whole way for a model of each family: records to tokens to rows, an adapter of twelve steps, merged; what it then
# says and how likely it finds its records, with the adapter beside it or in it.
tiny=$SRC/data/models/tiny
head -n 6 "$SRC/data/samples/problems.jsonl" >records.jsonl
shape='"vocab_size":712,"hidden_size":48,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":72'
shape+=',"max_position_embeddings":256,"bos_token_id":0,"eos_token_id":1'
gpt='"vocab_size":712,"n_embd":48,"n_layer":2,"n_head":4,"n_positions":256,"eos_token_id":1'
ift-tokenize -q --model "$tiny" --prompt alpaca --as jsonl records.jsonl >rows.jsonl
# The prompt's first two tokens are for ChatGLM those that a context has.
IFS=, read -r first second _ < <(sed -n '1s/.*"ids":\[\([^]]*\)\].*/\1/p' rows.jsonl)

# losses FILE: of the records, one a line.
losses() { sed 's/.*"loss":\([-0-9.e+]*\).*/\1/' "$1"; }

while read -r family keys; do
    keys=${keys//SHAPE/$shape} keys=${keys//GPT/$gpt} keys=${keys//FIRST/$first} keys=${keys//SECOND/$second}
    mkdir "from-$family"
    echo "{\"model_type\":\"${family%%-*}\",$keys}" >"from-$family/config.json"
    cp "$tiny"/tokenizer* "from-$family"
    ift-init -q --config "from-$family" --dtype f32 -s 3 -o "$family"
    ift-tokenize -q --model "$family" --prompt alpaca records.jsonl | ift-pack -q --length 128 >packed.ift
    ift-train -q --model "$family" --targets all-linear --lr 0.01 --warmup 0 --order given \
        --batch 6 --steps 12 --no-timing -o "$family-lora" packed.ift >"$family.log"
    ift-merge -q --model "$family" --adapter "$family-lora" -o "$family-merged"
    ift-score -q --model "$family" --adapter "$family-lora" --prompt alpaca records.jsonl >beside.jsonl
    ift-score -q --model "$family-merged" --prompt alpaca records.jsonl >within.jsonl
    ift-score -q --model "$family" --prompt alpaca records.jsonl >before.jsonl
    ift-generate -q --model "$family" --adapter "$family-lora" --max-new 8 records.jsonl >beside.answers
    ift-generate -q --model "$family-merged" --max-new 8 records.jsonl >within.answers
    cmp beside.answers within.answers
    paste -d ' ' <(losses before.jsonl) <(losses beside.jsonl) <(losses within.jsonl) |
        awk -v family="$family" '
            NF != 3 || $1 + 0 != $1 || $2 + 0 != $2 { print family ": no figures: " $0 }
            { before += $1; after += $2; apart = $2 - $3 }
            apart * apart > 1e-10 * $2 * $2 { print family ": merged it scores " $3 ", not " $2 }
            END { print family, NR, after < before * 0.98 ? "learned" : "learned nothing: " before " to " after }'
done <<'END'
bloom "vocab_size":712,"hidden_size":48,"n_layer":2,"n_head":4,"eos_token_id":1
gpt2 GPT
moss GPT,"rotary_dim":6
chatglm-6b "vocab_size":712,"hidden_size":48,"num_layers":2,"num_attention_heads":4,"inner_hidden_size":96,"max_sequence_length":256,"position_encoding_2d":true,"bos_token_id":SECOND,"gmask_token_id":FIRST,"mask_token_id":710,"eos_token_id":1
chatglm-2 "padded_vocab_size":712,"hidden_size":48,"num_layers":2,"num_attention_heads":4,"kv_channels":12,"ffn_hidden_size":74,"seq_length":256,"multi_query_attention":true,"multi_query_group_num":2,"add_qkv_bias":true,"eos_token_id":1
baichuan-13b SHAPE,"model_max_length":256
baichuan-2 SHAPE,"norm_head":true
internlm2 SHAPE,"num_key_value_heads":2
qwen SHAPE,"kv_channels":12,"seq_length":256
qwen3 SHAPE,"num_key_value_heads":2,"head_dim":10
mistral SHAPE,"num_key_value_heads":2,"sliding_window":16
END
