# Draws follow the seed and the record's place, not the batch or the threads; the filters leave what they say.
draw() {
    ift-generate -q --model "$SRC/data/models/tiny" --max-new 16 --temperature 1.5 "$@" \
        "$SRC/data/samples/problems.jsonl"
}
draw -s 3 --batch 1 -j 1 >one
draw -s 3 --batch 5 -j 2 | cmp - one
draw -s 4 >other
! cmp -s one other || echo 'the seed changes nothing'
ift-generate -q --model "$SRC/data/models/tiny" --max-new 16 "$SRC/data/samples/problems.jsonl" >greedy
draw --top-k 1 | cmp - greedy
draw --top-p 0 | cmp - greedy
draw --min-p 1 | cmp - greedy
draw --repetition-penalty 1.5 --logprobs | sed 's/.*"tokens":\[\(.*\)\],"logprobs":\[\(.*\)\]}/\1 \2/' |
    awk '{ print split($1, id, ",") == split($2, p, ",") ? "a log-probability for every id" : $0 }' | uniq
