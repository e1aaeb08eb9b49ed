# A top-level array on one line of 160 MB is converted in memory that does not grow with it.
awk 'BEGIN {
    printf "["
    for (i = 0; i < 160000; i++) {
        printf "%s{\"instruction\": \"question %d [{\\\"\", \"input\": \"\", \"output\": \"%01000d\"}", i ? ", " : "", i, i
    }
    printf "]"
}' | ift-format -v -j 2 --from alpaca -o out.jsonl 2>log
wc -l <out.jsonl
head -n 1 out.jsonl | cut -c 1-70
tail -n 1 out.jsonl | tail -c 10
peak=$(sed -n 's/.*peak \([0-9]*\).*/\1/p' log)
if ldd "$(command -v ift-format)" | grep -q 'san\.so'; then exit 0; fi # sanitizers keep what was freed
[ "$peak" -le 16 ] || echo "peak memory $peak MiB, at most 16"
