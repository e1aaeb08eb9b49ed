# Byte order marks, CR LF, blank lines, a last line without an end: the records are the same.
cp "$SRC/data/samples/dolly.jsonl" .
ift-format -q --from dolly dolly.jsonl >expected
{ printf '\357\273\277'; cat dolly.jsonl; } | ift-format -q --from dolly | cmp - expected
sed 's/$/\r/' dolly.jsonl | ift-format -q --from dolly | cmp - expected
sed 's/$/\n \t\r\n/' dolly.jsonl | ift-format -q --from dolly | cmp - expected
head -c -1 dolly.jsonl | ift-format -q --from dolly | cmp - expected
{ printf '\357'; sleep 0.1; printf '\273'; sleep 0.1; printf '\277\n'; cat dolly.jsonl; } | ift-format -q --from dolly | cmp - expected
{ printf '["'; printf '\357\273\277'; printf 1; } | ift-format -q --from dolly >out 2>&1 && echo "a mark inside an array was taken"
{ printf '['; sed '$!s/$/,/' dolly.jsonl; printf ']'; } >array.json
ift-format -q --from dolly array.json | cmp - expected
{ printf '\357\273\277\n\n'; tr -d '\n' <array.json; } | ift-format -q --from dolly | cmp - expected
printf '[]' | ift-format --from dolly
printf '' | ift-format --from dolly
printf ' \n\n' | ift-format --from dolly --as json-array
printf '\xef\xbb\xbfq\ta\tr\r\n\r\n"\xe9\x97\xae""\n?"\ta\tr' | ift-format -q --from flan-cot

# A mark that was dropped is counted, whatever the layout and however many files.
{ printf '\357\273\277'; cat dolly.jsonl; } >marked.jsonl
{ printf '\357\273\277'; cat array.json; } >marked.json
ift-format --from dolly marked.jsonl | cmp - expected
ift-format --from dolly marked.jsonl array.json marked.json dolly.jsonl >out
printf '\xef\xbb\xbfq\ta\tr\n' | ift-format --from flan-cot >out
# Files put together bring theirs along, behind a line end or without one, in a stream and compressed.
cat dolly.jsonl marked.jsonl marked.jsonl | ift-format --from dolly >out
cat dolly.jsonl dolly.jsonl dolly.jsonl | ift-format -q --from dolly | cmp - out
head -c -1 dolly.jsonl | cat - marked.jsonl marked.jsonl | gzip | ift-format --from dolly | cmp - out
printf '\xef\xbb\xbf' | ift-format --from dolly
