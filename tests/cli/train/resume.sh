# Killed at any moment, the same command with --resume gives the same bytes: the adapter, and the lines after the
# last checkpoint.
. "$SRC/tests/cli/train/common.sh"
run=("${lora[@]}" --epochs 4 --save-every 2 --valid-fraction 0.2)
"${run[@]}" -o whole "$rows" >whole.metrics
[ "$(grep -c valid_loss whole.metrics)" = 4 ]

kills=0
for delay in 0.005 0.01 0.015 0.02 0.03 0.04 0.05 0.07 0.09 0.12; do
    "${run[@]}" --resume -o killed "$rows" >>killed.metrics &
    sleep $delay
    if kill -9 $! 2>/dev/null; then kills=$((kills + 1)); fi
    wait $! 2>/dev/null || true
done
"${run[@]}" --resume -o killed "$rows" >>killed.metrics
cmp whole/adapter_model.safetensors killed/adapter_model.safetensors
cmp whole/adapter_config.json killed/adapter_config.json
# A line may be cut by a kill; whole ones are those of the run that was left alone.
if grep '}$' killed.metrics | grep '^{"step"' | sort -u | grep -vxFf whole.metrics; then exit 1; fi
[ $kills -gt 0 ]
