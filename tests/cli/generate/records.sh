# Records come back in order with what they had and what was generated, whatever the batch; the tiny model knows single sums.
model=$SRC/data/models/tiny problems=$SRC/data/samples/problems.jsonl
ift-generate -q --model "$model" --max-new 24 --batch 1 "$problems" >one
ift-generate -q --model "$model" --max-new 24 --batch 64 "$problems" >all
cmp one all
cut -d, -f1-3 "$problems" | tr -d '}' | cmp - <(cut -d, -f1-3 one | tr -d '}') || true
ift-generate -q --model "$model" --max-new 24 one | cmp - one # what an earlier run added is replaced
jq -r '.instruction + " | " + .generated + " | " + .finish' one
