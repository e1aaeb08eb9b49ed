# Merged weights of an adapter of PEFT: everything but the adapted weights is the base's, byte for byte.
golden=$SRC/tests/golden/peft
ift-merge -q --model "$golden/base-llama" --adapter "$golden/lora-qv/final" -o merged
cmp "$golden/base-llama/config.json" merged/config.json
cmp "$golden/base-llama/generation_config.json" merged/generation_config.json
[ "$(stat -c %s merged/model.safetensors)" = "$(stat -c %s "$golden/base-llama/model.safetensors")" ]
ls merged

# Half the bytes, and a config that says so; nothing else in it changes.
ift-merge --model "$golden/base-llama" --adapter "$golden/lora-qv/final" --dtype bf16 -o half
diff merged/config.json half/config.json || true

# Several adapters add up: the same as one after the other, as long as nothing is rounded in between.
qv=$golden/lora-qv/final all=$golden/lora-all-linear/final
ift-merge -q --model "$golden/base-llama" --adapter "$qv" --adapter "$all" -o both
ift-merge -q --model merged --adapter "$all" -o after
cmp both/model.safetensors after/model.safetensors
! cmp -s both/model.safetensors merged/model.safetensors
tr ',' '\n' <after/provenance.json | grep -c '"tool":"ift-merge"'

# Nothing is overwritten; what cannot be done leaves nothing.
mkdir work
cd work
ift-merge -q --model "$golden/base-llama" --adapter "$golden/lora-qv/final" -o ../merged 2>&1 || echo "exit $?"
ift-merge -q --model "$golden/base-llama" -o out 2>&1 || echo "exit $?"
ift-merge -q --model "$golden/base-llama" --adapter ../merged -o out 2>&1 || echo "exit $?"
ift-merge -q --model no/where --adapter "$qv" -o out 2>&1 || echo "exit $?"
[ -z "$(ls -A)" ]
