# Text that is not UTF-8: --encoding and the header's encoding= give the records of its UTF-8 twin,
# and whatever is not text in the encoding is an error with its place, never another character.
cat >twin.csv <<'CSV'
department,title,ask,answer
心血管科,高血压能吃党参吗？,"我有高血压,
乳腺 增生",可以，４－８周；€
内科,"a ""b""",无,好
CSV
program='{instruction: .title, input: .ask, output: .answer}'
csv='# read: csv header=yes'
nl='
'
ift-format -q --jq "$csv$nl$program" twin.csv >expected
sed 's/€/元/' twin.csv >chinese.csv
ift-format -q --jq "$csv$nl$program" chinese.csv >chinese.jsonl
for name in GBK gb18030 UTF-16LE UTF-16BE UTF-32LE UTF-8 utf8; do
    from=chinese
    case $name in GBK) ;; *) from=twin ;; esac
    iconv -f UTF-8 -t "$name" $from.csv >encoded
    ift-format -q --jq "$csv$nl$program" --encoding "$name" encoded >out
    ift-format -q --jq "$csv encoding=$name$nl$program" encoded | cmp - out
    ift-format -q --jq "$csv encoding=KOI8-R$nl$program" --encoding "$name" encoded | cmp - out
    gzip -c encoded | ift-format -q --jq "$csv$nl$program" --encoding "$name" | cmp - out
    if [ $from = twin ]; then cmp out expected; else cmp out chinese.jsonl; fi
done
refused() {
    ift-format "$@" || echo "exit $?"
}

# Marks tell the order, and are counted.
for name in UTF-16 UTF-32; do
    iconv -f UTF-8 -t $name twin.csv >encoded
    ift-format --jq "$csv$nl$program" --encoding $name encoded | cmp - expected
    iconv -f UTF-8 -t ${name}BE twin.csv >unmarked
    refused --jq "$csv$nl$program" --encoding $name unmarked
    refused --jq "$csv$nl$program" encoded
done
{ printf '\376\377'; iconv -f UTF-8 -t UTF-16BE twin.csv; } >marked
ift-format --jq "$csv$nl$program" --encoding UTF-16 marked | cmp - expected
ift-format --jq "$csv$nl$program" --encoding UTF-16BE marked | cmp - expected
refused --jq "$csv$nl$program" --encoding UTF-16LE marked
{ printf '\204\061\225\063'; iconv -f UTF-8 -t GB18030 twin.csv; } >marked
ift-format --jq "$csv$nl$program" --encoding GB18030 marked | cmp - expected

# Others.
printf '{"instruction":"caf\351","output":"\243"}\n' | ift-format -q --jq . --encoding latin1
printf '{"instruction":"\203e\203X\203g","output":"\202\240"}\n' | ift-format -q --jq . --encoding SHIFT_JIS
printf '{"instruction":"\244\244\244\345","output":""}\n' | ift-format -q --jq . --encoding BIG5

# Wrong bytes, halves of characters, names that are none.
printf '{"instruction":"a","output":"b"}\n{"instruction":"\304\343\377\377","output":""}\n' >bad
refused --jq . --encoding GBK bad
refused --jq . bad
# Where a line is no text, the next is read on.
printf '{"instruction":"\304\343","output":"1"}\n{"instruction":"\377\201 \304\343","output":"2"}\n{"instruction":"\272\303","output":"3"}\n' >some
ift-format --jq . --encoding GBK --keep-going --rejects rejects some
cat rejects
printf 'q,a\n"\304\343\n\377",1\n\272\303,2\n' | ift-format --jq "# read: csv header=yes encoding=GBK
{instruction: .q, output: .a}" --keep-going
printf '\0\330a\0\n\0b\0\n\0' | refused --jq '# read: csv
{instruction: .[0], output: "x"}' --keep-going --encoding UTF-16LE
printf '{"instruction":"a","output":"b"}\n\304' >half
refused --jq . --encoding GBK half
printf '{\000"\000i\000"\000' >wide
refused --jq . wide
printf 'a,\000b\nc,d\n' | refused --jq '# read: csv
{instruction: .[0], output: .[1]}'
for name in klingon GBK//IGNORE ''; do refused --jq . --encoding "$name" bad; done
refused --jq '# read: json encoding=klingon
.' bad
ift-format --jq . --encoding UTF-16 /dev/null
# Not text at all, or not the file.
printf '\n<!DOCTYPE html>\n<html lang="en">\n' >page.json
refused --jq . --keep-going page.json
printf '\n<!DOCTYPE html>,b\n' | ift-format -q --jq '# read: csv
{instruction: .[0], output: .[1]}'
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 20516\n' >lfs.json
refused --jq . lfs.json
echo '{"instruction":"a","output":"b"}' >good
ift-format --jq . --keep-going lfs.json good wide page.json good
