# Rows before the damage are printed, then the damage is an error.
awk 'BEGIN { srand(1); for (i = 0; i < 3000; i++) { printf "{\"ids\":[1"; for (k = 0; k < 200; k++) printf ",%d", 60000 * rand(); print "]}" } }' >d.jsonl
ift-pack -q --length 201 d.jsonl >whole.ifs
head -c 1200000 whole.ifs >cut.ifs
ift-view cut.ifs >rows || echo "$?"
[ "$(wc -l <rows)" -gt 1000 ]
head -n "$(wc -l <rows)" d.jsonl | sed 's/}$//' | while read -r row; do echo "$row"; done | cut -c1-40 >a
cut -c1-40 rows | cmp - a
cat whole.ifs whole.ifs | ift-view | wc -l
