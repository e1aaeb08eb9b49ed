# Every figure is what tests/oracle/stats.py computed, byte for byte, whatever -j.
cd "$SRC/tests/golden/stats"
all='zero.jsonl one.jsonl many.jsonl some.jsonl array.json'
for j in 1 3; do
    # shellcheck disable=SC2086
    ift-stats -q -j $j --as json $all | cmp - page.json
    # shellcheck disable=SC2086
    ift-stats -q -j $j --as json --by tags $all | cmp - tags.json
    ift-stats -q -j $j --as json --by source --vocab ../vocab some.jsonl array.json | cmp - tokens.json
done
