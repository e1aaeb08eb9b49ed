# common.sh: a small run, sourced by the cases here.
# shellcheck shell=bash disable=SC2034,SC2154
rows=$SRC/tests/golden/train/rows.jsonl
train=(ift-train --model "$SRC/tests/golden/model/llama/model" --no-timing -q)
lora=("${train[@]}" --rank 4 --dropout 0.1 --lr 0.01 --batch 3 -s 7)
