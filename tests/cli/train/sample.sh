# shellcheck shell=bash disable=SC2034,SC2154
args=(--model "$SRC/tests/golden/model/llama/model" --rank 2 --steps 3 --batch 4)
input() { cat "$SRC/tests/golden/train/rows.jsonl"; }
empty=1
