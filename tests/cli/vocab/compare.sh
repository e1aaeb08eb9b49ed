# What two vocabularies share, which extends which, and tokens of texts, which do not depend on -j.
golden=$SRC/tests/golden/vocab_merge
ift-vocab compare "$golden/base.model" "$golden/merged.model" --field text "$golden/texts.jsonl"
ift-vocab compare "$golden/merged.model" "$golden/base.model"
ift-vocab compare "$golden/base.model" "$golden/add.model"
ift-vocab compare "$golden/add.model" "$golden/add.model"
ift-vocab compare "$SRC/tests/golden/vocab" "$SRC/data/models/tiny" "$golden/../vocab_train/texts.jsonl" "$golden/texts.jsonl"
# A text that is cut into parts has the tokens that it would have whole.
for _ in $(seq 60); do cat "$SRC/README.md" "$SRC/man/"*.1; done >long
[ "$(wc -c <long)" -gt 3000000 ]
as_json() { printf '{"text":"'; sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/\\t/g; s/$/\\n/' "$1" | tr -d '\n'; echo '"}'; }
as_json long >long.json
for jobs in 1 3; do ift-vocab compare -j $jobs "$SRC/tests/golden/vocab" "$SRC/data/models/tiny" long >$jobs; done
cmp 1 3
ift-vocab compare --field text "$SRC/tests/golden/vocab" "$SRC/data/models/tiny" long.json | cmp - 1
