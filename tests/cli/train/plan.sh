# The plan says what the run takes: its items add up, and the total is the peak within 5 %.
if ldd "$(command -v ift-train)" | grep -q "san\.so"; then
    echo "sanitizers take memory of their own"
    exit 77
fi
cat >config.json <<'END'
{"model_type":"llama","vocab_size":4000,"hidden_size":256,"intermediate_size":688,"num_hidden_layers":6,
 "num_attention_heads":4,"max_position_embeddings":512,"rms_norm_eps":1e-5,"torch_dtype":"float32"}
END
ift-init -q --config config.json -o f32
sed 's/float32/bfloat16/' config.json >half.json
ift-init -q --config half.json -o bf16
awk 'BEGIN {
    srand(5)
    for (row = 0; row < 8; row++) {
        printf "{\"ids\":["
        for (i = 0; i < 257; i++) printf "%s%d", i ? "," : "", int(rand() * 4000)
        print "]}"
    }
}' >rows.jsonl

# compare MODEL OPTION...
compare() {
    local run=(ift-train --model "$@" --steps 1 --warmup 0 --batch 2 --micro-tokens 512 -j 2)
    "${run[@]}" --plan rows.jsonl >plan
    "${run[@]}" -v --no-timing -o out rows.jsonl 2>said >/dev/null
    sed -n 's/.*, peak \([0-9.]*\) MiB$/\1/p' said >peak
    awk -v name="$*" '
        FNR == NR { peak = $1 * 1048576; next }
        $1 == "total" { total = $2 }
        !total { sum += $2 }
        $1 ~ /^(tokens_per_s|seconds)$/ && !($2 > 0) { print name ": no " $1 }
        END {
            if (sum != total) print name ": the items are " sum ", not " total
            off = total / peak
            if (!(off > 0.95 && off < 1.05)) print name ": the plan is " total ", the peak " peak
        }' peak plan
    rm -r out
}
compare f32 --peft none
compare f32 --peft none --recompute block
compare f32 --peft none --valid-fraction 0.3 --save-every 1 --steps 2
compare f32
compare bf16 --recompute 2
compare bf16 --peft none
compare bf16 --modules-to-save embed_tokens,lm_head --save-every 1 --steps 2
compare f32 --modules-to-save norm,lm_head

# It takes neither the memory nor the folder, and reads rows from a pipe.
ift-train --model f32 --peft none --micro-tokens 1024 -o none --plan -v - <rows.jsonl >plan 2>said
sed -n 's/.*, peak \([0-9.]*\) MiB$/\1/p' said >peak
awk 'FNR == NR { peak = $1 * 1048576; next } $1 == "total" && peak > $2 / 2 { print "the plan took " peak }' peak plan
[ ! -e none ] || echo "the plan made a folder"
ift-train --plan rows.jsonl || echo "exit $?"
