# shellcheck shell=bash disable=SC2034
args=(--model "$SRC/tests/golden/model/llama/model")
input() { cat "$SRC/tests/golden/train/rows.jsonl"; }
cuts="gz"
