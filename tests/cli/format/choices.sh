# What a recipe offers to choose from, and variables of one's own.
cat >pairs.jq <<'EOF'
# title: pairs
# side: chosen, rejected
# answers: first, all
(if $answers == "all" then .a[] else .a[0] end) as $a | {instruction: .[$side], output: $a}
EOF
echo '{"chosen":"c","rejected":"r","a":["1","2"]}' >p.jsonl
ift-format -q --from ./pairs.jq p.jsonl
ift-format -q --from ./pairs.jq --side rejected --answers all p.jsonl
ift-format -q --jq-file pairs.jq --side chosen p.jsonl
ift-format --from ./pairs.jq --side best p.jsonl || echo $?
ift-format --jq . --side chosen p.jsonl || echo $?
ift-format -q --jq '{instruction: ($ask + .chosen), output: $say}' --arg ask=Why: --arg say=a=b p.jsonl
ift-format --jq . --arg nothing p.jsonl || echo $?
ift-format --jq . --jq-file pairs.jq p.jsonl || echo $?
ift-format --describe ./pairs.jq | grep -E 'side|answers'
