# Every recipe has a pair tests/formats/NAME.in, NAME.out, and libjq gives the same for it as our own evaluator.
for recipe in "$SRC"/data/formats/*.jq; do
    name=$(basename "$recipe" .jq)
    pair=$SRC/tests/formats/$name
    [ -f "$pair.in" ] || { echo "$name: no tests/formats/$name.in"; continue; }
    join=()
    [ ! -e "$pair.join" ] || join=(--join "$pair.join")
    ift-format -q --engine libjq --from "$name" "${join[@]}" "$pair.in" | cmp - "$pair.out"
done
