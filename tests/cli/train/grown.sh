# A vocabulary grown on the way is one that was grown before; adapters with their own tables go everywhere; killed at
# any moment, --resume gives the same bytes.
tokenizers=$SRC/tests/golden/tokenizer
cat >config.json <<'END'
{"model_type":"llama","vocab_size":56,"hidden_size":32,"intermediate_size":48,"num_hidden_layers":2,
 "num_attention_heads":2,"max_position_embeddings":64,"rms_norm_eps":1e-5,"torch_dtype":"bfloat16"}
END
ift-init -q --config config.json -o base
cp "$tokenizers/model-0.model" base/tokenizer.model
chmod u+w base/tokenizer.model
# Two pieces of six bytes more, of a high score: a message at the end of the file is as good as one among the others.
piece() { printf '\012\015\012\006%s\025\0\0\200\077' "$1"; }
{ cat base/tokenizer.model && piece 中文 && piece a文é; } >new.model
awk 'BEGIN {
    srand(5)
    for (row = 0; row < 12; row++) {
        printf "{\"ids\":[1"
        for (i = 0; i < 9; i++) printf ",%d", 3 + int(rand() * 55)
        print "]}"
    }
}' >rows.jsonl

grow=(--vocab new.model --pad-vocab 4)
tune=(ift-train -q --no-timing --lr 0.01 --batch 3)
saved=(--modules-to-save "embed_tokens,lm_head")
ift-merge -q --model base "${grow[@]}" -o before
"${tune[@]}" --model base "${grow[@]}" -o lora rows.jsonl >lora.metrics
"${tune[@]}" --model before "${saved[@]}" -o lora-before rows.jsonl >metrics
cmp lora.metrics metrics
cmp lora/adapter_model.safetensors lora-before/adapter_model.safetensors
cmp lora/tokenizer.model new.model
"${tune[@]}" --model base "${grow[@]}" --peft none -o full rows.jsonl >full.metrics
"${tune[@]}" --model before --peft none -o full-before rows.jsonl >metrics
cmp full.metrics metrics
for file in model.safetensors config.json tokenizer.model; do cmp full/$file full-before/$file; done

# Merged, or beside the base that it was made for, or beside the grown one: the same model, the same vocabulary.
ift-merge -q --model base --adapter lora --dtype f32 -o merged
ift-merge -q --model before --adapter lora-before --dtype f32 -o merged-before
for file in model.safetensors config.json tokenizer.model; do cmp merged/$file merged-before/$file; done
echo '{"text":"中文文a中文é"}' >text.jsonl
ift-score -q --model base --adapter lora --bare text.jsonl >apart
ift-score -q --model merged --bare text.jsonl >whole
ift-score -q --model base --bare text.jsonl | grep -o '"count":[0-9]*'
grep -o '"count":[0-9]*' apart
paste -d : apart whole | tr ',[]}' '::::' | awk -F : '{
    for (i = 1; i <= NF / 2; i++) {
        d = $i - $(i + NF / 2)
        if (d * d > 1e-10) print "field " i ": " $i " and " $(i + NF / 2)
    }
}'

"${tune[@]}" --model base "${grow[@]}" --epochs 6 --save-every 2 -o whole-run rows.jsonl >whole.metrics
kills=0
for delay in 0.005 0.01 0.015 0.02 0.03 0.04 0.05 0.07 0.09 0.12; do
    "${tune[@]}" --model base "${grow[@]}" --epochs 6 --save-every 2 --resume -o killed rows.jsonl >/dev/null &
    sleep $delay
    if kill -9 $! 2>/dev/null; then kills=$((kills + 1)); fi
    wait $! 2>/dev/null || true
done
"${tune[@]}" --model base "${grow[@]}" --epochs 6 --save-every 2 --resume -o killed rows.jsonl >/dev/null
for file in adapter_model.safetensors adapter_config.json tokenizer.model; do cmp whole-run/$file killed/$file; done
[ $kills -gt 0 ]
"${tune[@]}" --model base --vocab new.model --pad-vocab 8 --epochs 6 --resume -o killed rows.jsonl 2>&1 |
    sed "s/checkpoint-[0-9]*/checkpoint/; s/xxh3:[0-9a-f]*/xxh3/g"
