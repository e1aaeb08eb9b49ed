# gzip files: whole, of several members, padded; what is wrong with others, on files and on pipes.
cp "$SRC"/data/samples/dolly.jsonl a.jsonl
gzip -9c a.jsonl >a.gz
size=$(wc -c <a.gz)
cat a.jsonl a.jsonl a.jsonl >three.jsonl
ift-format -q --from dolly three.jsonl >expected
{ cat a.gz; gzip -1c a.jsonl; gzip -c </dev/null; gzip -nc a.jsonl; } >three.gz
{ cat three.gz && head -c 100000 /dev/zero; } >padded.gz
ift-format -q --from dolly three.gz | cmp - expected
ift-format -q --from dolly <padded.gz | cmp - expected
gzip -c three.gz >stacked.gz
ift-format -q --from dolly stacked.gz | cmp - expected
try() {
    { ift-format -q --from dolly "$1" >out || true; } 2>&1
    head -c "$(wc -c <out)" expected | cmp - out
    { ift-format -q --from dolly <"$1" >out || true; } 2>&1
}
head -c $((size - 9)) a.gz >cut.gz
head -c $((size + 3)) three.gz >begun.gz
{ head -c $((size - 8)) a.gz; printf 'abcd'; tail -c 4 a.gz; } >sum.gz
{ head -c $((size - 4)) a.gz; printf 'abcd'; } >length.gz
{ cat a.gz; echo more; } >garbage.gz
{ head -c 3 a.gz; printf '\200'; tail -c +5 a.gz; } >flags.gz
for bad in cut begun sum length garbage flags; do try $bad.gz; done | sed "s/byte $size/byte SIZE/; s/byte $((size - 9))/byte SIZE-9/; s/byte $((size + 3))/byte SIZE+3/"
