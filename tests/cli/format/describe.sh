ift-format --describe flan-cot gsm8k
# --list has a line for each recipe.
[ "$(ift-format --list | tail -n +2 | wc -l)" -eq "$(ls "$SRC"/data/formats/*.jq | wc -l)" ] || ift-format --list
ift-format --list | grep -E '^(name|alpaca|hc3|xp3) '
ift-format --list -o list && ift-format --list | cmp - list
