# Two models of invented text: the merged one is, byte for byte, what sentencepiece's own message classes
# write, and gives sentencepiece's ids.
golden=$SRC/tests/golden/vocab_merge
ift-vocab merge "$golden/base.model" "$golden/add.model" --field text "$golden/texts.jsonl" -o merged.model 2>&1 |
    sed "s|$golden/||"
cmp merged.model "$golden/merged.model"
ift-vocab merge -q "$golden/base.model" "$golden/add.model" >merged2.model
cmp merged.model merged2.model
ift-tokenize -q --bare --as jsonl --vocab merged.model "$golden/texts.jsonl" | sed 's/,"labels.*/}/' |
    diff "$golden/ids.jsonl" -
# Once more adds nothing.
ift-vocab merge merged.model "$golden/add.model" -o again.model 2>&1 | sed "s|$golden/||"
cmp merged.model again.model
# Self-test samples, which the added pieces may make untrue, are left out; an unknown field of the trainer stays.
{ cat "$golden/base.model"; printf '\042\010\012\006\012\001a\022\001b'; } >tested.model
ift-vocab merge tested.model "$golden/add.model" -o untested.model 2>&1 | sed "s|$golden/||"
cmp untested.model "$golden/merged.model"
# Other rules for scores: below is the order of ADD, under all of the base; own is ADD's.
for scores in below own; do
    ift-vocab merge -q --scores $scores "$golden/base.model" "$golden/add.model" -o $scores.model
    echo $scores
    ift-vocab show --all $scores.model | sed -n '458,463p;$p'
done
by_score() { sed 's/.*"piece":"\(.*\)","kind":.*"score":\(.*\)}/\2\t\1/' | LC_ALL=C sort -s -t "$(printf '\t')" -k 1,1gr | cut -f 2; }
ift-vocab show --all below.model | sed -n '461,$p' | by_score >below
ift-vocab show --all own.model | sed -n '461,$p' | by_score | diff - below
# Which pieces: of a script, of a length, the best.
for filter in '--script han' '--script han,latin' '--script hiragana' '--min-chars 2' '--max-chars 1' '--limit 7' \
    '--min-chars 2 --max-chars 2 --script han --limit 5'; do
    echo "$filter"
    # shellcheck disable=SC2086
    ift-vocab merge $filter "$golden/base.model" "$golden/add.model" -o f.model 2>&1 | sed "s|$golden/||" || true
    [ ! -e f.model ] || ift-vocab show --all f.model | sed -n '461,470p'
    rm -f f.model
done
