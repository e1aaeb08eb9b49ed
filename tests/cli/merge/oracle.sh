# What we merge and make, transformers loads and computes alike; run with ORACLE=python of a venv with peft.
[ -x "${ORACLE:-}" ] || {
    echo 'no ORACLE: set it to a python with peft, transformers and safetensors'
    exit 77
}
export ORACLE_BASE=$SRC/tests/golden/peft/base-llama HF_HUB_OFFLINE=1
"$ORACLE" "$SRC/tests/oracle/merge_and_load.py" . make >log 2>&1 || { cat log; exit 1; }
ift-merge -q --model "$ORACLE_BASE" --adapter theirs -o merged
ift-merge -q --model "$ORACLE_BASE" --adapter theirs --dtype bf16 -o half
ift-init -q --config "$ORACLE_BASE/config.json" -s 4 -o made
for row in 3,17,40,41,99 8,8,100,2 77,5,130,64,12,9; do echo "{\"ids\":[$row],\"labels\":[$row]}"; done >rows.jsonl
ift-train -q --model "$ORACLE_BASE" --rank 3 --rslora --targets all-linear --lr 0.01 --steps 3 -o ours rows.jsonl >metrics
ift-merge -q --model "$ORACLE_BASE" --adapter ours -o ours-merged
"$ORACLE" "$SRC/tests/oracle/merge_and_load.py" . check >log 2>&1 || { cat log; exit 1; }
