# The two readings of FLAN's files against a few lines of awk: flan-cot-plain takes every byte of a field but \n in
# question and rationale; flan-cot differs from it just in the rows with a field that starts with a quote.
data=$SHARED/data/real/flan-cot
[ -d "$data" ] || { echo "skipped: $data is not there"; exit 77; }
for name in creak strategyqa ecqa; do
    tsv=$data/${name}_train.tsv
    ift-format -q --from flan-cot-plain "$tsv" >plain.jsonl
    awk -F '\t' '
        function json(s) { gsub(/\\/, "\\\\\\\\", s); gsub(/"/, "\\\"", s); return s }
        function lines(s) { s = json(s); gsub(/\\\\n/, "\\n", s); return s }
        { printf "{\"instruction\":\"%s\",\"input\":\"\",\"output\":\"%s\",\"rationale\":\"%s\"}\n", lines($1), json($2), lines($3) }
    ' "$tsv" >expected.jsonl
    cmp plain.jsonl expected.jsonl
    ift-format -q --from flan-cot "$tsv" | sed 's/\\\\n/\\n/g' >quoted.jsonl
    differ=$(awk 'NR == FNR { quoted[FNR] = $0; next } quoted[FNR] != $0' quoted.jsonl plain.jsonl | wc -l)
    start=$(awk -F '\t' '/^"|\t"/' "$tsv" | wc -l)
    echo "$name: $differ rows differ, $start have a field that starts with a quote"
done
