# A folder comes out as it went in; every format gives the same bytes each time, and one rounding.
model=$SRC/tests/golden/model/llama/model
export_to() { ift-export -q --model "$@"; }

export_to "$model" --to hf -o same
for file in model.safetensors config.json generation_config.json; do cmp "$model/$file" "same/$file"; done
export_to same --to hf --shard-size 0.0001 -o shards
ls shards
export_to shards --to hf -o whole
cmp "$model/model.safetensors" whole/model.safetensors
export_to "$model" --to hf --dtype bf16 -o half
ift-export -q --model half --to hf --dtype f32 -o wide
export_to wide --to hf --dtype bf16 -o again
cmp half/model.safetensors again/model.safetensors
diff "$model/config.json" half/config.json || true

for to in pth gguf; do
    for dtype in keep f32 bf16 f16; do
        export_to "$model" --to $to --dtype $dtype -o $to-$dtype
        export_to "$model" --to $to --dtype $dtype -o $to-$dtype-again
        diff -r $to-$dtype $to-$dtype-again
    done
done
export_to "$model" --to gguf --dtype q8_0 -o q8.gguf
export_to "$model" --to pth -o pth-usual
cmp pth-usual/consolidated.00.pth pth-f16/consolidated.00.pth
cmp pth-keep/consolidated.00.pth pth-f32/consolidated.00.pth
cat pth-usual/params.json
ls pth-usual
# What every machine makes of it; the recipe inside names the path, so it is cut out.
sha256sum <pth-usual/consolidated.00.pth
grep -c 'ift.provenance' gguf-f32
# Not held against what a width asks for: any is found.
for width in 100 172 14336; do
    sed "s/\"intermediate_size\": [0-9]*/\"intermediate_size\": $width/" "$model/config.json" >config.json
    ift-init -q --config config.json -s 1 -o w$width
    export_to w$width --to pth -o p$width
    cat p$width/params.json
done
