# Figures of both tasks, their samples, and rules that change the verdict.
evaluate() { ift-eval -q --model "$SRC/data/models/tiny" --max-new 24 "$@" "$SRC/data/samples/problems.jsonl"; }
evaluate --samples samples.jsonl | jq -c 'del(.loss, .perplexity, .tokens)'
jq -c '[.index, .answer, .expected, .correct]' samples.jsonl
evaluate --task loss | jq '.perplexity / (.loss | exp) * 1000 | round'
evaluate --task answer --extract whole | jq .accuracy
evaluate --task answer -j 1 --batch 1 --extract line | jq .found
