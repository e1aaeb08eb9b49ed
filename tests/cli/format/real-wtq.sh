# Questions and tables in files of their own, put together as the recipe says: each question whose table is there becomes a
# record, those of the other tables are rejected table by table.
wtq=$SHARED/data/real/tabular/wtq
[ -d "$wtq" ] || { echo "skipped: $wtq is not there"; exit 77; }
command -v jq >/dev/null || { echo 'skipped: no jq'; exit 77; }
cd "$wtq"
for q in training training-before300 random-split-1-dev pristine-seen-tables pristine-unseen-tables; do
    { for t in csv/*/*.tsv; do jq -Rsc --arg t "${t%.tsv}.csv" '{context: $t, table: .}' "$t"; done
      jq -Rc './"\t" | {id: .[0], utterance: .[1], context: .[2], targetValue: .[3]}' data/$q.tsv; } |
        jq -cs 'sort_by(.context)[] | select(.id != "id")' |
        ift-format --from wtq --keep-going 2>"$OLDPWD/log" >"$OLDPWD/out.jsonl"
    # the ids of the questions whose tables are there
    awk -F'\t' 'FNR > 1 { file = $3; sub(/csv$/, "tsv", file); if ((getline line <file) >= 0) print $1; close(file) }' \
        data/$q.tsv | sort >"$OLDPWD/want"
    grep -o '"id":"[^"]*"' "$OLDPWD/out.jsonl" | cut -d'"' -f4 | sort | diff "$OLDPWD/want" -
    # every other table is missed once
    missed=$(grep -c 'no table in front of the questions' "$OLDPWD/log" || true)
    [ "$missed" = "$(awk -F'\t' 'FNR > 1 { file = $3; sub(/csv$/, "tsv", file)
        if ((getline line <file) < 0) lost[$3]; close(file) } END { print length(lost) }' data/$q.tsv)" ]
    echo "$q: $(wc -l <"$OLDPWD/out.jsonl") records, $missed tables missed"
done
