# Compressed files, archives and Parquet files that are cut or damaged: as a rule the run ends there;
# with --keep-going that is one bad record, behind what was read of them, and the next is read.
program='{instruction: .id, output: ""}'
awk 'BEGIN { for (x = 1; i < 40000; i++) printf "{\"id\":\"%d\"}\n", x = x * 69621 % 2147483647 }' >a.jsonl
echo '{"id":"z"}' >z.jsonl
run() { # FILE...: how many are there of those expected, in order, and whether the last operand is
    ift-format --jq "$program" --rejects rejects.jsonl "$@" z.jsonl >out || echo "exit $?"
    tail -n 1 out
    head -n -1 out >before
    head -n "$(wc -l <before)" expected | cmp - before
    test -s before || echo "nothing before"
    cat rejects.jsonl
}
ift-format -q --jq "$program" a.jsonl >expected
for pack in "gzip -n" zstd xz "bzip2 -1" "lz4 -B4"; do
    command -v "${pack% *}" >/dev/null || continue # tests/unit/test_stream.c makes its own
    $pack -qc a.jsonl >whole 2>/dev/null
    head -c $(($(wc -c <whole) / 2)) whole >half
    run half 2>>tallies >found
    [ "$(sed 's/trunc.*,/,/' found | cksum)" = "$(printf '%s\n' '{"instruction":"z","input":"","output":""}' '{"file":"half","reason":","raw":""}' | cksum)" ] || cat found
done
balanced() { awk '$2 < 2000 || $2 != $5 + $7 || $7 != 1' "$1"; } # in = out + rejected
balanced tallies
gzip -nc a.jsonl | head -c 20000 >cut.gz
ift-format -q --jq "$program" -o none cut.gz z.jsonl || echo "exit $?"
ift-format --jq "$program" --keep-going=1 cut.gz cut.gz z.jsonl >/dev/null || echo "exit $?"
ift-format --jq "$program" --keep-going none z.jsonl || echo "exit $?" # the command line is at fault

# Members of an archive: the others are read.
mkdir d && for name in 1 2 3; do sed -n "$((name * 9000 - 8999)),$((name * 9000))p" a.jsonl >d/$name; done
tar -cf d.tar d/1 d/2 d/3
head -c 200000 d.tar >cut.tar
run cut.tar 2>tallies
balanced tallies
ift-format -q --jq "$program" --member 'd/[13]' --keep-going cut.tar d.tar | tail -n 9000 | cmp - <(sed -n '18001,27000p' expected)

# A group that is cut is no record, and its rows are kept.
{ seq -f '{"k":1,"id":"%.0f"}' 3; seq -f '{"k":2,"id":"%.0f"}' 2; } >rows
{ gzip -c rows; gzip -c z.jsonl | head -c 20; } >rows.gz
ift-format --jq '# read: json group=k
{instruction: (map(.id) | join(" ")), output: ""}' --rejects rejects.jsonl rows.gz rows
sed 's/byte [0-9]*/byte N/' rejects.jsonl

# Parquet: a page of the second row group, and the whole file.
golden=$SRC/tests/golden/parquet/zstd-pages
program='{instruction: (.id | tostring), output: ""}'
ift-format -q --jq "$program" "$golden.jsonl" >expected
{ head -c 3500 "$golden.parquet"; printf damage; tail -c +3507 "$golden.parquet"; } >page.parquet
head -c 3000 "$golden.parquet" >cut.parquet
ift-format -q --jq "$program" page.parquet || echo "exit $?"
run page.parquet
cp page.parquet d/2
tar -cf d.tar d/2
cat d.tar | run - cut.parquet
