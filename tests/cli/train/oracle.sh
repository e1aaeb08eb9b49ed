# Grown models and adapters with modules saved whole, ours in peft and peft's in ours; run with ORACLE=python of a venv
# with peft, transformers and sentencepiece.
[ -x "${ORACLE:-}" ] || {
    echo 'no ORACLE: set it to a python with peft, transformers and sentencepiece'
    exit 77
}
export HF_HUB_OFFLINE=1
cat >llama.json <<'END'
{"model_type":"llama","architectures":["LlamaForCausalLM"],"vocab_size":56,"hidden_size":32,"intermediate_size":48,
 "num_hidden_layers":2,"num_attention_heads":2,"max_position_embeddings":64,"rms_norm_eps":1e-5,"initializer_range":0.3,
 "torch_dtype":"bfloat16","tie_word_embeddings":false}
END
sed 's/"tie_word_embeddings":false/"tie_word_embeddings":true/' llama.json >tied.json
cat >gpt2.json <<'END'
{"model_type":"gpt2","architectures":["GPT2LMHeadModel"],"vocab_size":60,"n_embd":32,"n_layer":2,"n_head":2,"n_positions":64,
 "initializer_range":0.3,"torch_dtype":"float32","bos_token_id":1,"eos_token_id":2}
END
piece() { printf '\012\015\012\006%s\025\0\0\200\077' "$1"; }
{ cat "$SRC/tests/golden/tokenizer/model-0.model" && piece 中文 && piece a文é && piece ▁文; } >new.model
for row in 3,17,40,41,56 8,8,57,58,2 57,5,30,58,12,9; do echo "{\"ids\":[$row],\"labels\":[$row]}"; done >rows.jsonl
for name in llama tied gpt2; do
    ift-init -q --config $name.json -s 4 -o base-$name
    cp "$SRC/tests/golden/tokenizer/model-0.model" base-$name/tokenizer.model
    ift-merge -q --model base-$name --vocab new.model --pad-vocab 8 -o grown-$name
    ift-train -q --model base-$name --vocab new.model --pad-vocab 8 --rank 3 --targets all-linear --lr 0.02 --epochs 5 \
        -o ours-$name rows.jsonl >metrics
    ift-merge -q --model base-$name --adapter ours-$name --dtype f32 -o ours-merged-$name
done
"$ORACLE" "$SRC/tests/oracle/grown_and_load.py" . make >log 2>&1 || { cat log; exit 1; }
for name in llama tied gpt2; do
    ift-merge -q --model base-$name --adapter theirs-$name --dtype f32 -o theirs-merged-$name
done
"$ORACLE" "$SRC/tests/oracle/grown_and_load.py" . check >log 2>&1 || { cat log; exit 1; }
