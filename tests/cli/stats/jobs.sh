# A million records: the figures do not depend on -j, and memory is that of what was seen.
awk 'BEGIN {
    for (i = 0; i < 1000000; i++)
        printf "{\"instruction\":\"q %d\",\"input\":\"\",\"output\":\"%d\",\"tags\":[\"t%d\"]}\n", i % 900000, i, i % 7
}' >in.jsonl
ift-stats -q -j 1 --as json in.jsonl >one.json
grep -o '"again":{[^}]*}' one.json | uniq
for j in 2 5; do ift-stats -q -j $j --as json in.jsonl | cmp - one.json; done
ift-stats -q -j 1 --by tags in.jsonl >one.txt
ift-stats -q -j 5 --by tags in.jsonl | cmp - one.txt
[ -x /usr/bin/time ] || exit 0
! ldd "$(command -v ift-stats)" | grep -q 'san\.so' || exit 0 # sanitizers take memory of their own
mb() { /usr/bin/time -f %M -o peak ift-stats -q -j 1 "$@" in.jsonl >out; echo $(($(tail -n 1 peak) / 1024)); }
[ "$(mb)" -le 80 ] || echo "takes $(mb) MB, more than 80 bytes a record"
[ "$(mb --no-duplicates)" -le 16 ] || echo "takes $(mb --no-duplicates) MB without looking for duplicates"
