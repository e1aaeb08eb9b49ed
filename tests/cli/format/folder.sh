# A folder is the files in it, wherever they lie below, sorted as bytes; archives of a file a record.
mkdir -p d/b/deep d/.git 'd/B b' && cp "$SRC/data/samples/dolly.jsonl" .
put() {
    printf '{"instruction": "%s",\n "output": ""}' "$1" >"$1"
}
for f in d/b/deep/x.json d/b/10.json d/b/9.json d/a.json 'd/B b/é.json' d/z.txt d/.hidden.json d/.git/x.json; do put "$f"; done
ln -s ../z.txt d/b/link && ln -s . d/b/loop
ift-format -j 3 --jq . d | cut -c 17-40
ift-format -q --jq . d/ | cmp - <(ift-format -q --jq . d)
ift-format -q --jq . d | cmp - <(find d -name '.*' -prune -o -name loop -prune -o ! -type d -print | LC_ALL=C sort | tr '\n' '\0' |
    xargs -0 ift-format -q --jq .)
ift-format --jq . --member 'b/*.json' d | cut -c 17-40

# The same files packed, in the archive's order, and lines in a zip, beside the loose ones.
tar -czf d.tar.gz d/b/9.json d/a.json d/b/10.json
ift-format --jq . d.tar.gz d/a.json | cut -c 17-40
mkdir packed lines && mv d.tar.gz packed && gzip -c d/a.json >packed/a.gz
ift-format --jq . packed | cut -c 17-40
cp dolly.jsonl lines/one.jsonl && cp dolly.jsonl lines/two.jsonl && echo x >lines/README
if command -v zip >/dev/null; then # tests/unit/test_stream.c makes its own
    zip -qr lines.zip lines
    ift-format -q --from dolly --member '*.jsonl' lines.zip | cmp - <(ift-format -q --from dolly dolly.jsonl dolly.jsonl)
fi
ift-format -q --from dolly --member '*.jsonl' lines | cmp - <(ift-format -q --from dolly dolly.jsonl dolly.jsonl)

refused() {
    ift-format --jq . "$@" || echo "exit $?"
}
mkdir empty && touch empty/.keep
refused empty
refused --member '*.tsv' d
refused lines
ift-format --jq-file d </dev/null || echo "exit $?"
