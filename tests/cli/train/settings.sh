# A checkpoint made with other settings, or in the way, is refused by name.
. "$SRC/tests/cli/train/common.sh"
run() { "${lora[@]}" --epochs 2 --save-every 4 --keep 0 -o out "$@" >metrics || echo "exit $?"; }
run "$rows"
printf '%s\n' out/checkpoint-*
run "$rows"
run --resume --lr 0.02 "$rows"
run --resume --rank 2 "$rows"
run --resume -s 8 "$rows"
head -n 20 "$rows" >fewer
run --resume fewer
cp -r "$SRC/tests/golden/model/llama/model" other
data=$((8 + $(od -A n -t u8 -N 8 other/model.safetensors)))
printf '\252' | dd of=other/model.safetensors bs=1 seek=$data conv=notrunc status=none
run --resume --model other "$rows"
cp out/adapter_model.safetensors whole
run --resume --micro-tokens 16 "$rows" # a knob, not a setting
truncate -s -1 out/checkpoint-16/state.safetensors
"${lora[@]/#-q/-v}" --epochs 2 --save-every 4 --keep 0 -o out --resume "$rows" 2>&1 >/dev/null | grep checkpoint-
cmp out/adapter_model.safetensors whole
