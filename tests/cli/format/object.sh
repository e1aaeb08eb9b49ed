# read: object: the members of an object, as jq's to_entries gives them, wherever blocks end.
recipe='# read: object
{id: .key, instruction: .value.q, output: (.value.a | tostring)}'
cat >in.json <<'JSON'
{ "1" : {"q": "one {\"}", "a": [1, {"b": 2}]},
  "\u00e92\"": {"q": "two", "a": "x"} ,
  "a": {"q":"again","a":0}, "a": {"q":"and again","a":-1.50},
  "n":
    {"q":"", "a": null}
}
JSON
ift-format --jq "$recipe" in.json
{ printf '\357\273\277'; cat in.json; } | ift-format -q --jq "$recipe" | cksum
while IFS= read -r -n 1 -d '' c; do printf '%s' "$c"; done <in.json | ift-format -q --jq "$recipe" | cksum
printf '{}' | ift-format --jq "$recipe"
printf '' | ift-format --jq "$recipe"

refused() {
    printf "$1" | ift-format -q --jq "$recipe" || echo "exit $?"
}
refused '[{"q":"a"}]'
refused '{"a":{"q":"a","a":1},}'
refused '{"a":{"q":"a","a":1}\n"b":1}'
refused '{"a":{"q":"a","a":1},\nb:1}'
refused '{"a":{"q":"a","a":1},\n"b" 1}'
refused '{"a":{"q":"a","a":1},\n"b":}'
refused '{"a":{"q":"a","a":1},\n"\\x":{"q":"a","a":1}}'
refused '{"a":{"q":"a","a":1},\n"b":{"q'
refused '{"a":{"q":"a","a":1}} {}'

refused '{"a"}'
{ printf '{"a"'; sleep 0.1; printf ' }'; } | ift-format -q --jq "$recipe" || echo "exit $?"

# 160 MB on one line, in memory that does not grow with it.
awk 'BEGIN {
    printf "{"
    for (i = 0; i < 160000; i++) printf "%s\"%d\": {\"q\": \"%01000d\", \"a\": 1}", i ? ", " : "", i, i
    printf "}"
}' | ift-format -v -j 2 --jq "$recipe" -o out.jsonl 2>log
wc -l <out.jsonl
peak=$(sed -n 's/.*peak \([0-9]*\).*/\1/p' log)
if ldd "$(command -v ift-format)" | grep -q 'san\.so'; then exit 0; fi # sanitizers keep what was freed
[ "$peak" -le 16 ] || echo "peak memory $peak MiB, at most 16"
