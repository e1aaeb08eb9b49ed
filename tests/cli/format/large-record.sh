# A large record is held twice, as text and as output, and little more; among others it keeps its place.
record() {
    awk -v n="$1" -v id="$2" 'BEGIN {
        printf "{\"instruction\":\"%d\",\"input\":\"\",\"output\":\"", id
        for (i = 0; i < n; i += 50) printf "forty-nine characters of text, and one quote, \\\"\\n"
        print "\"}"
    }'
}
i=0
for n in 10 70000 20 66000 300000 30 5000000 5000000 65536 40 1000000 10; do record $n $((i++)); done >some.jsonl
{ printf '['; sed '$!s/$/,/' some.jsonl; printf ']'; } >some.json
for j in 1 2 8; do
    for in in some.jsonl some.json; do ift-format -q -j $j --jq . $in | cmp - some.jsonl; done
    tr -d '\n' <some.json | ift-format -q -j $j --jq . | cmp - some.jsonl
    gzip -1 <some.jsonl | ift-format -q -j $j --jq . | cmp - some.jsonl
done
{ head -n 3 some.jsonl; record 40000000 1; record 40000000 2; } >in.jsonl
ift-format -v -j 1 --jq '{instruction, input, output}' -o out.jsonl in.jsonl 2>log
cmp in.jsonl out.jsonl
peak=$(sed -n 's/.*peak \([0-9]*\).*/\1/p' log)
if ldd "$(command -v ift-format)" | grep -q 'san\.so'; then exit 0; fi # sanitizers keep what was freed
[ "$peak" -le 92 ] || echo "peak memory $peak MiB for a record of 40 MiB, at most 92"
