# A recipe of one's own: typed, from a file, in $IFT_DATA, where it also hides one that came with ift.
echo '{"q":"1 + 1","a":"2","big":12345678901234567890,"z":1.50}' >in.jsonl
ift-format -q --jq '{instruction: .q, output: .a, big, z}' in.jsonl
echo '{instruction: .q, output: "from a file"}' >own.jq
ift-format -q --from ./own.jq in.jsonl
mkdir -p mine/formats
echo '{instruction: .q, output: "hidden"}' >mine/formats/alpaca.jq
IFT_DATA=$PWD/mine ift-format -q --from alpaca in.jsonl
printf 'colour,thing\nred,"a ""box"""\nblue,\n' >t.csv
printf '# read: csv header=yes\n{instruction: .thing, output: .colour}' >table.jq
ift-format --from ./table.jq t.csv
ift-format -q --jq "# read: csv header=skip
{instruction: .[1], output: .[0]}" t.csv
