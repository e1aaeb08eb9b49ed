# A line is a value. One that is wrong is one reject, whatever stands on it, and costs no other line.
cat >in.jsonl <<'END'
{"instruction":"a","output":"b"}
{"instruction":"x","output":"y"}{"instruction":"broken" "output":"}{"} {"instruction":"z","output":"z"}
{"instruction":"c","output":"}{ } {"}
{"instruction":"x","output":"y"} and more
{"instruction":"x","output":"y"},
{"instruction":"x","input":["
{"instruction":"d","output":"e"}
{"instruction":"x","tags":[
{"instruction":"f","output":"g"}
{"instruction":"x",
{"instruction":"h","output":"i"}{"instruction":"j","output":"k"} {"instruction":"l","output":"m"}
{
  "instruction": "n",
  "output": "o"
}
}{
{"instruction":"p","output":"q"}
END
ift-format --jq '{instruction, output}' --rejects rejects.jsonl in.jsonl
ift-format -q --jq "{instruction: \"\\(.line): \\(.reason)\", output: \"\"}" rejects.jsonl
for j in 1 2 8; do cat in.jsonl | ift-format -q --jq '{instruction, output}' --rejects r.$j -j $j | cksum; done | sort -u | wc -l
# Cut anywhere, a line takes none of its neighbours along.
line='{"instruction":"x y","output":"}{","tags":["a","b"],"messages":[{"role":"user","content":"c"}]}'
for ((i = 1; i < ${#line}; i++)); do
    printf '%s\n' '{"instruction":"a","output":"b"}' "${line:0:i}" '{"instruction":"c","output":"d"}'
done >cut.jsonl
ift-format --jq '{instruction, output}' --rejects rejects.jsonl cut.jsonl | sort | uniq -c | tr -s ' '
