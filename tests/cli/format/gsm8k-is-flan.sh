# GSM8K and FLAN's file of it hold the same problems in the same order: the answers agree but for thousands' commas, which FLAN
# dropped, the rationales but for blanks.
data=$SHARED/data
[ -d "$data/real" ] || { echo "skipped: $data/real is not there"; exit 77; }
flat() { # instruction, output and rationale without blanks, commas, case
    sed 's/\\n//g; s/[ ,]//g' | tr 'A-Z' 'a-z'
}
ift-format -q --from gsm8k "$data/evalsets/gsm8k/train.jsonl" | flat >ours
ift-format -q --from flan-cot "$data/real/flan-cot/gsm8k_train.tsv" | flat >flan
output() { sed 's/.*"output":"\([^"]*\)".*/\1/'; }
paste -d ' ' <(output <ours) <(output <flan) | awk '$1 != $2' | wc -l
