# The map of sizes is XML, the same whatever -j, and says what a name says and nothing else.
record='{"instruction":"a","input":"","output":"b"}'
for i in 1 2 3 4 5 6 7 8 9; do echo "$record"; done >'a<b>&"c'"'.jsonl"
head -n 4 a*.jsonl >d.jsonl
echo '{"instruction":"你好","input":"","output":"好"}' >$'tab\there\x01.jsonl'
: >nothing.jsonl
ift-stats -q --svg one.svg ./*.jsonl >out
ift-stats -q -j 7 --svg two.svg ./*.jsonl | cmp - out
cmp one.svg two.svg
cat one.svg
if command -v xmllint >/dev/null; then xmllint --noout one.svg; fi
ift-stats -q --svg empty.svg </dev/null >out
if command -v xmllint >/dev/null; then xmllint --noout empty.svg; fi
# Bars are as wide as the terminal, in colour there and only there.
command -v script >/dev/null || exit 0
bars() { script -qec "stty cols $1; $2 ift-stats -q d.jsonl a*.jsonl" /dev/null | tr -d '\r' | tail -n 2; }
bars 60 'env -u NO_COLOR' | cat -v
bars 40 'NO_COLOR=1'
