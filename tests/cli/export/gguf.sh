# GGUF's own reader finds the names, keys and bytes that it expects, and transformers loads the file;
# run with ORACLE=python of a venv with gguf and transformers.
[ -x "${ORACLE:-}" ] && "$ORACLE" -c 'import gguf' 2>/dev/null || {
    echo 'no ORACLE with gguf: set it to a python with gguf and transformers'
    exit 77
}
export HF_HUB_OFFLINE=1
shape='"hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":80'
tokens='"bos_token_id":1,"eos_token_id":2,"vocab_size":259,"max_position_embeddings":64,"rms_norm_eps":1e-6'
while read -r type keys; do
    echo "{\"model_type\":\"$type\",$shape,$tokens$keys}" >config.json
    ift-init -q --config config.json -s 5 -o "$type"
    for dtype in f32 f16 bf16 q8_0; do
        file=$type-$dtype.gguf
        ift-export -q --model "$type" --to gguf --dtype $dtype -o "$file"
        "$ORACLE" "$SRC/tests/oracle/export.py" gguf "$type" "$file" $dtype >log 2>&1 || { cat log; exit 1; }
    done
done <<'END'
llama ,"tie_word_embeddings":true
qwen2
qwen3 ,"head_dim":20
END
