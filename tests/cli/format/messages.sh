# What goes wrong is told with file, line, element and reason.
try() { # CONTENT [OPTION...]
    printf "$1" >in.json
    shift
    ift-format -q "$@" in.json || echo "exit $?"
}
try '{"instruction":"a","output":"b"}\n{"instruction":"a"}\n' --from alpaca
try '{"instruction":"a","output":"b"}\n\n{"instruction":"a","output":3}\n' --from alpaca
try '[{"instruction":"a","output":"b"},\n {"instruction":"a","output":"b"}, {"output":"b"}]' --from alpaca
try '{"instruction":"a","output":"\xff"}\n' --from alpaca
try '{"instruction":"a","output":"\\d"}\n' --from alpaca
try '{"instruction":NaN,"output":""}\n' --from alpaca
try '{"instruction":"a","output":"b"}{"instruction":"a","output":"b"}\n' --from alpaca
try '[1,2]\n' --jq 'if . == 2 then "x" else empty end'
try '[1,2]\n' --jq '{instruction: "a", output: (if . == 2 then error("two is no good") else "b" end)}'
try 'a\tb\n' --from flan-cot
try 'a\tb\tc\td\n' --from flan-cot-plain
try '{"messages":[{"role":"user","content":"x"}]}\n' --from messages
try '{"messages":[{"role":"assistant","content":"x"}]}\n' --from messages
try '{"messages":[]}\n' --from messages
try '{}\n' --from messages
try '{"messages":[{"role":"user","content":[{"type":"image_url"}]},{"role":"assistant","content":"x"}]}\n' --from messages
try '{"question":"q","answer":"12"}\n' --from gsm8k
