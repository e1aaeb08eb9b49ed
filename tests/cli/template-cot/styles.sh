# Every style has at least ten patterns, none twice; all of them word the answer, and the rationale unless they are direct;
# ids are unique over all styles.
ift-template-cot --list
ift-template-cot --list -o list
ift-template-cot --list | cmp - list
for file in "$SRC"/data/templates/*.jsonl; do
    awk -v direct="$(case $file in *direct*) echo 1 ;; esac)" '
        { wording = $0; sub(/"id": "[^"]*"/, "", wording) }
        wording in seen || !/"output": "[^"]*{output}/ || !/{instruction}/ || !/{rationale}/ != direct + 0 { print FILENAME ": " $0 }
        { seen[wording] }
        END { if (NR < 10) print FILENAME ": " NR " patterns" }' "$file"
done
cat "$SRC"/data/templates/*.jsonl | grep -o '"id": "[^"]*"' | sort | uniq -d
