# Bit-equal for a seed, another for another; the folder opens; other files come along.
config=$SRC/tests/golden/model/llama-gqa/model
ift-init -q --config "$config" -s 5 -o a
ift-init -q --config "$config/config.json" -s 5 -o b
ift-init -q --config "$config" -s 6 -o c
ift-init -q --config "$config" -s 5 --dtype f16 -o d
cmp a/model.safetensors b/model.safetensors
! cmp -s a/model.safetensors c/model.safetensors
cmp a/config.json "$config/config.json"
cmp a/generation_config.json "$config/generation_config.json"
[ ! -e b/generation_config.json ]
diff a/config.json d/config.json || true
cat a/provenance.json | sed 's/"[^"]*\/model"/"…"/'
# What every machine makes of seed 5.
sha256sum <a/model.safetensors
ift-init -q --config a -o a 2>&1 || echo "exit $?"
ift-init -q --config nowhere -o e 2>&1 || echo "exit $?"
