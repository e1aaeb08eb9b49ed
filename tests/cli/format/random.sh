# Nothing is lost: of 20,000 lines, many with a random byte put in, each comes out just as it was or is rejected by its number.
awk 'BEGIN {
    srand(11)
    split("\" \\ \001 \037 \377 \300\200 \355\240\200 { } [ , : x", bad, " ")
    for (i = 1; i <= 20000; i++) {
        text = ""
        for (k = int(rand() * 200); k > 0; k--) text = text substr("abcdefghij klmnop[]:,", int(rand() * 21) + 1, 1)
        line = sprintf("{\"instruction\":\"\",\"input\":\"\",\"output\":\"%s %d \303\251 \\\\ \\\"\",\"n\":%d%020d}", text, i, i, i)
        if (rand() < 0.4) {
            at = 32 + int(rand() * (length(line) - 32)) # behind input, which would be supplied
            line = substr(line, 1, at) bad[int(rand() * 13) + 1] substr(line, at + 1)
        }
        print line
    }
}' >in.jsonl
ift-format --from alpaca -j 4 --rejects rejects.jsonl in.jsonl >out.jsonl 2>tally
sed 's/.*"line":\([0-9]*\).*/\1/' rejects.jsonl >lines
awk 'NR == FNR { rejected[$1]; next } !(FNR in rejected)' lines in.jsonl >kept
cmp kept out.jsonl
echo "ift-format: 20000 records in, $(wc -l <out.jsonl) out, $(wc -l <rejects.jsonl) rejected" | cmp - tally
[ "$(wc -l <rejects.jsonl)" -gt 3000 ] || echo "only $(wc -l <rejects.jsonl) rejected"
# A line that was rejected is rejected again for the same reason when it is all there is.
shuf -n 20 --random-source=in.jsonl lines | while read -r n; do
    sed -n "${n}p" in.jsonl >one.jsonl
    ift-format -q --from alpaca one.jsonl 2>&1 >/dev/null | sed 's/.*one.jsonl:1: //' >reason
    awk -v n="$n" 'index($0, "\"line\":" n ",")' rejects.jsonl | grep -cF "\"reason\":\"$(sed 's/\\/\\\\/g; s/"/\\"/g' reason)\"" >/dev/null || echo "line $n: $(cat reason)"
done
