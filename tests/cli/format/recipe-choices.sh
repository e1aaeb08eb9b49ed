# What recipes offer to choose from, on the samples of their pairs.
try() { # NAME OPTION...
    echo "-- $*"
    local pair=$SRC/tests/formats/$1 join=()
    [ ! -e "$pair.join" ] || join=(--join "$pair.join")
    ift-format --from "$@" "${join[@]}" "$pair.in" >out.jsonl
    ift-format -q --from "$@" "${join[@]}" --engine libjq "$pair.in" | cmp - out.jsonl
    sed 's/.*"instruction":\("[^"]*"\).*"output":\("\([^"\\]\|\\.\)*"\).*/\1 \2/' out.jsonl
}
try hc3 --side human --answers all
try hc3 --side chatgpt
try hc3 --side chatgpt --answers all
try natural-instructions --answers all
try alpaca-gpt4-comparison --side rejected
try firefly-dpo --side rejected
try webgpt --side worse
try nl2sql --answers sql
try totto --answers all
try wikisql --answers sql
