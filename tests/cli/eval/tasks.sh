# Figures of both tasks, their samples, and rules that change the verdict.
evaluate() { ift-eval -q --model "$SRC/data/models/tiny" --max-new 24 "$@" "$SRC/data/samples/problems.jsonl"; }
evaluate --samples samples.jsonl | sed 's/"loss":.*/"loss":L}/'
sed 's/"question".*"answer"/"answer"/' samples.jsonl
evaluate --task loss | sed 's/.*"loss":\(.*\),"perplexity":\(.*\)}/\1 \2/' |
    awk '{ d = exp($1) / $2 - 1; print (d < 1e-9 && d > -1e-9 ? "perplexity is exp of loss" : $0) }'
evaluate --task answer --extract whole
evaluate --task answer -j 1 --batch 1 --extract line
