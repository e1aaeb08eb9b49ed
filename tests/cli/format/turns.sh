# Dialogues: whole, a record for each answer, the last; with what came before; in the shapes of others.
cat >d.jsonl <<'EOF'
{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"A"},{"role":"user","content":"two"},{"role":"assistant","content":"B"}],"id":1}
{"messages":[{"role":"assistant","content":"hello"},{"role":"user","content":"x"},{"role":"assistant","content":"Y"}]}
EOF
for turns in all each last; do
    echo "-- $turns"
    ift-format --jq . --turns $turns d.jsonl
done
echo '-- with context'
ift-format -q --jq . --turns each --context d.jsonl
for as in alpaca messages sharegpt belle; do
    echo "-- $as"
    ift-format -q --jq . --turns last --context --as $as d.jsonl || echo $?
    ift-format -q --jq . --turns each --as $as d.jsonl | tail -n 1
done
echo '-- the same bytes whatever -j'
for i in $(seq 2000); do sed "s/one/$i/" d.jsonl; done >many.jsonl
for j in 1 3; do ift-format -q --jq . --turns each --context -j $j many.jsonl | cksum; done | uniq | wc -l
ift-format --jq . --context d.jsonl || echo $?
