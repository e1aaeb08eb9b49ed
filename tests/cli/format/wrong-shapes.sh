# What is not of a collection's shape is rejected with what was expected, whatever engine runs the recipe.
try() { # NAME VALUE
    for engine in auto libjq; do
        ift-format --from "$1" "${join[@]}" --engine $engine --keep-going <<<"$2" 2>$engine
    done
    sed -n "s/ift-format: rejected stdin:1:/$1:/p" auto
    cmp auto libjq
}
other='{"neither":"asked","nor":["answered"]}'
for recipe in "$SRC"/data/formats/*.jq; do
    name=$(basename "$recipe" .jq)
    ! grep -q '^# read: [ct]sv' "$recipe" || continue
    join=()
    [ ! -e "$SRC/tests/formats/$name.join" ] || join=(--join "$SRC/tests/formats/$name.join")
    ift-format --from "$name" "${join[@]}" --keep-going <<<"$other" 2>&1 | grep -q ' in, 0 out, [12] rejected' || echo "$name takes $other"
done
join=()
try gpt4all '{"prompt":"p","completion":"c"}'
try gpteacher '{"instruction":"i","answer":"a"}'
try code-alpaca '{"instruction":"i"}'
try swype-instruct '{"prompt":"p","response":"c"}'
try xp3 '{"inputs":"i","target":"t"}'
try hc3 '{"question":"q","human_answers":["a"]}'
try seed-tasks '{"instruction":"i","input":"","output":"o"}'
try natural-instructions '{"Definition":"d","instances":[]}'
try natural-instructions '{"Instances":[]}'
try belle '{"id":"1","conversations":[{"from":"gpt","value":"v"}]}'
try belle '{"id":"1","conversations":[{"from":"human","value":"v"}]}'
try belle-multiturn '{"instruction":"a question","input":"","output":"o"}'
try belle-multiturn '{"instruction":"Human:a\nAssistant:","input":"b","output":"o"}'
try firefly '{"kind":"k","input":"i","output":"o"}'
try firefly '{"conversation_id":1,"conversations":[{"role":"user","content":"q"},{"role":"tool","observation":{}}]}'
try instinwild '{"instruction":"i","output":null}'
try prosocial-dialog '{"context":"c","safety_label":"__casual__"}'
try prosocial-dialog-safety '[{"text":"c","labels":["r"]}]'
try webgpt '{"question":{"full_text":"q"},"answer_0":"a","answer_1":"b","score_0":1,"score_1":null}'
try alpaca-gpt4-comparison '{"user_input":"u","completion_b":"b"}'
try prosocial-dialog-context '{"context":"c","response":"r","dialogue_id":1,"response_id":2}'
try prosocial-dialog-context '{"context":"c","response":"r"}'
try firefly-dpo '{"prompt":"p","chosen":null}'
join=(--join "$SRC/tests/formats/wikisql.join")
try wikisql '{"question":"q","table_id":"1-100-1"}'
join=(--join "$SRC/tests/formats/tabfact.join")
try tabfact '{"1-7-2.html.csv":[["a statement"],[2],"c"]}'
try tabfact '{"1-7-2.html.csv":[["a statement"],[1],["pos"],"c"]}'
join=(--join "$SRC/tests/formats/hitab.join")
try hitab '{"table_id":"12","question":"q"}'
join=()
try finance-en '{"text":""}'
