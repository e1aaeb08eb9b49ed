# YAML that is wrong in places: with --keep-going each broken element or document is one bad record,
# and all others are there.
program='# read: yaml
{instruction: (if type == "object" then .instruction else tojson end), output: ""}'
run() {
    ift-format --jq "$program" --keep-going --rejects rejects "$@" || echo "exit $?"
    sed 's/,"raw.*"}$//' rejects
}

# Of 600 elements every seventh is broken in one of several ways; what follows is longer than what
# libyaml reads ahead.
make() { # BROKEN: whether they are
    awk -v broken="$1" 'BEGIN {
        n = split("- instruction: \"unclosed|- instruction: a\n  instruction: b|- [a, b|- {a: 1|" \
            "- instruction: .inf\n  output: .inf|- *nowhere|- instruction: caf\351|-\t- @|" \
            "- instruction: a\n output: b\n   c: d|- !who x|- instruction: \001|- ? [a]\n  : b", way, "|")
        for (i = 0; i < 600; i++) {
            if (i % 7 != 3) {
                printf "- instruction: >-\n    number %d - is\n    - folded\n\n  output: \"x # y\"\n", i
                if (i % 5 == 0) print "  # a comment\n# and another\n"
            } else if (broken)
                print way[int(i / 7) % n + 1]
        }
    }'
}
make 0 >good.yaml
make 1 >some.yaml
ift-format -q --jq "$program" good.yaml >expected
sed 's/^/  /' some.yaml >indented.yaml
sed '1i---' some.yaml >marked.yaml
sed 's/$/\r/' some.yaml >crlf.yaml
for file in some indented marked crlf; do
    ift-format --jq "$program" --keep-going --rejects rejects $file.yaml | cmp - expected
done
head -n 12 rejects | cut -c 1-150

# Documents; sequences in brackets; anchors of what is sound; the rest of a file.
printf -- '---\ninstruction: d1\n---\ninstruction: [\n---\ninstruction: d2\n...\n%%YAML 1.1\n---\n"a\n---\ninstruction: d3\n---\n- instruction: d4\n- "x\n- instruction: d5\n---\ninstruction: d6' | run
printf -- '---\n[{instruction: d1}, {instruction: .inf}, {instruction: d2}]\n---\n- instruction: d3\n' | run
printf -- '- &a {instruction: d1}\n- &b {instruction: .inf}\n- *a\n- *b\n- @\n- *a\n' | run
printf -- 'a: b\n c: d\ninstruction: d1\n' >one.yaml
echo 'instruction: d2' >two.yaml
run one.yaml two.yaml
cat rejects
