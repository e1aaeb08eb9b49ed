# SIGTERM: a checkpoint, one line, exit 1; --resume goes on to the same bytes.
. "$SRC/tests/cli/train/common.sh"
"${lora[@]}" --epochs 60 -o whole "$rows" >/dev/null
"${lora[@]}" --epochs 60 -o stopped "$rows" >metrics 2>said &
until [ -s metrics ]; do sleep 0.01; done
kill -TERM $!
status=0
wait $! || status=$?
[ $status = 1 ]
grep -E '^ift-train: stopped after update [0-9]+ of 540: the same command with --resume goes on$' said >line
[ "$(wc -l <said)" = 1 ]
step=$(tail -n 1 metrics | sed 's/{"step":\([0-9]*\),.*/\1/')
[ -e "stopped/checkpoint-$step/state.safetensors" ]
[ -e "stopped/checkpoint-$step/adapter_model.safetensors" ]
[ ! -e stopped/adapter_model.safetensors ]
"${lora[@]}" --epochs 60 --resume -o stopped "$rows" >rest
head -n 1 rest | grep -q "^{\"step\":$((step + 1)),"
cmp whole/adapter_model.safetensors stopped/adapter_model.safetensors
