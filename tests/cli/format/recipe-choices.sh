# What recipes offer to choose from, on the samples of their pairs.
try() { # NAME OPTION...
    echo "-- $*"
    ift-format --from "$@" "$SRC/tests/formats/$1.in" >out.jsonl
    ift-format -q --from "$@" --engine libjq "$SRC/tests/formats/$1.in" | cmp - out.jsonl
    sed 's/.*"instruction":\("[^"]*"\).*"output":\("[^"]*"\).*/\1 \2/' out.jsonl
}
try hc3 --side human --answers all
try hc3 --side chatgpt
try hc3 --side chatgpt --answers all
try natural-instructions --answers all
try alpaca-gpt4-comparison --side rejected
try firefly-dpo --side rejected
try webgpt --side worse
