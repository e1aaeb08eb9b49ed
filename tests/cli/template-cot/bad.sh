# What is not a canonical record, or does not fit, is told with place, pattern and key.
try() { printf '%s\n' "$1" >in.jsonl; shift; ift-template-cot -q "$@" in.jsonl || echo "exit $?"; }
try '{"instruction":"a","output":"b","rationale":"r"}'
try '{"instruction":"a","input":"","output":"b","rationale":7}'
try '{"instruction":"a","input":"","output":"b","rationale":"r","pattern":"x"}'
try '{"instruction":"a","input":"","output":"b","rationale":"r","messages":[{"role":"user","content":"x"}]}'
try 'nonsense'
echo '{"id":"p","instruction":"{topic}: {question}","output":"{answer}"}' >p.jsonl
try '{"instruction":"a","input":"","output":"b"}' --templates ./p.jsonl
try '{"instruction":"a","input":"","output":"b","topic":["x"]}' --templates ./p.jsonl
try '{"instruction":"a","input":"","output":"b","topic":3.0}' --templates ./p.jsonl
try '{"instruction":"a","input":"","output":"b"}' --templates nothing
try '{"instruction":"a","input":"","output":"b"}' --templates ./nowhere.jsonl
echo '{"id":"p","instruction":"{","output":"{answer}"}' >p.jsonl
try '' --templates ./p.jsonl
