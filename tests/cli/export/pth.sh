# The original LLaMA code's equations over what we write give what transformers gives; run with
# ORACLE=python of a venv with torch and transformers.
[ -x "${ORACLE:-}" ] || {
    echo 'no ORACLE: set it to a python with torch and transformers'
    exit 77
}
export HF_HUB_OFFLINE=1
cp -R "$SRC/tests/golden/model/llama/model" llama
echo '{"model_type":"llama","vocab_size":97,"hidden_size":48,"num_hidden_layers":2,"num_attention_heads":6,
    "num_key_value_heads":2,"intermediate_size":76,"rope_theta":5000.0}' >config.json
ift-init -q --config config.json -s 5 -o grouped
for model in llama grouped; do
    for dtype in f32 f16; do
        ift-export -q --model $model --to pth --dtype $dtype -o $model-$dtype
        "$ORACLE" "$SRC/tests/oracle/export.py" pth $model $model-$dtype >log 2>&1 || { cat log; exit 1; }
    done
done
