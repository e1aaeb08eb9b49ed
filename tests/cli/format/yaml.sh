# YAML: items, scalars of the core schema, anchors; what JSON cannot say, and what is a bomb, is refused.
seen() {
    ift-format -q --jq '# read: yaml
{instruction: tojson, output: ""}' "$@" || echo "exit $?"
}
cat >scalars.yaml <<'YAML'
%YAML 1.2
---
# every scalar of the core schema, and what only looks like one
- [null, Null, NULL, ~, nULL, "null", '~']
- [true, True, FALSE, yes, no, on, Off, y]
- [0, -1, +12, 007, 0o17, 0x1F, 1_000, 0b1, 12345678901234567890123, 08]
- [1.0, -1.50, .5, 1., +1e3, 1E-07, -.5e+1, 1.5.2, 1e, ., +, e3, +e3, 12e03]
- [2001-12-14, 12:30:45, 0x, 0o8, =, <<]
- {1: one, true: "t", ~: null, 1.5: x, "q\"": z}
- !!str 12
- [!!int "3", !!float 2, !!null '', !!bool "true", ! 7, !!seq [1], !!map {a: 1}]
- "escapes: \x41\u00e9\U0001F600\t\\\/ \
   joined"
- 'it''s'
- |
  kept
    indented

- >-
  folded
  line

  next
- |+
  keep

- - nested
  - {a: [b, {c: d}]}
- plain text: with "quotes"
- 中文: 多行
   文本
YAML
seen scalars.yaml
{ printf '\357\273\277'; cat scalars.yaml; } | seen | cksum
seen scalars.yaml | cksum
iconv -t UTF-16 scalars.yaml | seen --encoding UTF-16 | cksum
printf 'a: 1\n---\nb: 2\n...\n---\n- 3\n- 4\n---\n' | seen
printf '' | seen
cat >anchors.yaml <<'YAML'
- &base {a: 1, b: &list [x, y]}
- <<: *base
  b: 2
- {c: *list, <<: [{a: 7, d: 8}, *base]}
- &base again
- *base
- ? &k key
  : &v value
- {*k : *v}
YAML
seen anchors.yaml

# Refused, with the line.
for text in '- a: 1\n  b: 2\n  a: 3' '- .inf' '- -.NaN' '- !!int x' '- !who x' '- !!binary aGk=' '- *a' '- &a [*a]' \
    '- ? [a]\n  : b' '- a\n- [b' '- "a' 'a: b\n c: d\n  - e' '- \ta: b\n\t- c' '- 1: a\n  "1": b' '- <<: 3' '- 0xFFFFFFFFFFFFFFFFF' \
    '- caf\351' '- a\001b' '- {a: 1' '&a'; do
    printf -- "- ok\n$text\n" | seen
done
{ printf -- '- &a0 [x,x,x,x,x,x,x,x,x,x]\n'
    for i in 1 2 3 4 5 6 7 8 9; do
        printf -- "- &a$i [*a$((i - 1))"
        for j in 1 2 3 4 5 6 7 8 9; do printf ',*a%s' $((i - 1)); done
        echo ']'
    done; } >bomb.yaml
seen bomb.yaml | cksum
awk 'BEGIN { for (i = 0; i < 600; i++) printf "["; for (i = 0; i < 600; i++) printf "]" }' | seen
