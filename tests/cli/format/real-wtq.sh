# Each question whose table is there becomes a record, those of the other tables are rejected.
wtq=$SHARED/data/real/tabular/wtq
[ -d "$wtq" ] || { echo "skipped: $wtq is not there"; exit 77; }
for q in training training-before300 random-split-1-dev pristine-seen-tables pristine-unseen-tables; do
    ift-format --from wtq --join "$wtq/csv" --keep-going "$wtq/data/$q.tsv" 2>log >out.jsonl
    awk -F'\t' -v dir="$wtq/" 'FNR > 1 { file = dir $3; sub(/csv$/, "tsv", file)
        if ((getline line <file) >= 0) print $1
        close(file) }' "$wtq/data/$q.tsv" >want
    grep -o '"id":"[^"]*"' out.jsonl | cut -d'"' -f4 | diff want -
    [ "$(grep -c ': "context": there is no ' log)" = $(($(wc -l <"$wtq/data/$q.tsv") - 1 - $(wc -l <want))) ]
    echo "$q: $(tail -n 1 log)"
done
