# shellcheck shell=bash disable=SC2034
args=(--model "$SRC/data/models/tiny" --max-new 12)
input() { cat "$SRC/data/samples/problems.jsonl"; }
