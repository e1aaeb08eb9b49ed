# Records come back in order with what they had and what was generated, whatever the batch; what an earlier run added is
# replaced. The tiny model knows single sums.
model=$SRC/data/models/tiny problems=$SRC/data/samples/problems.jsonl
ift-generate -q --model "$model" --max-new 24 --batch 1 "$problems" >one
ift-generate -q --model "$model" --max-new 24 --batch 64 "$problems" | cmp - one
ift-generate -q --model "$model" --max-new 24 one | cmp - one
ift-generate -q --model "$model" --max-new 24 --no-mmap -j 2 "$problems" | cmp - one
sed 's/,"generated":.*/}/' one | cmp - "$problems"
sed 's/.*,"generated":/{"generated":/' one
