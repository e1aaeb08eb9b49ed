# Texts are changed where that was asked for, and nowhere else.
cat >r.jsonl <<'EOF'
{"instruction":"a\\nb\\r\\nc","input":"","output":"<p>One &amp; two</p><p>three</p>","id":"<p>"}
{"instruction":"1 < 2 && 3 > 2 &amp; <eos>","input":"","output":"line\n  kept<br/><b>bold</b></br>end"}
{"instruction":"e\u0301 \ufb01 \uff21","input":"","output":"<div class=\"x\">List:<ul><li>one</li><li>two  <i>words</i></li></ul><pre><code>if a:\n    b</code></pre><table><tr><th>h</th><td>1</td></tr><tr><td>x</td><td>y</td></tr></table><script>no()</script></div>","rationale":"\uac00 \u1100\u1161"}
{"messages":[{"role":"user","content":"x\\ny","k":"\\n"},{"role":"assistant","content":"<b>Y</b>"}]}
EOF
for how in --unescape-newlines --strip-html '--normalize nfc' '--normalize nfkc' '--unescape-newlines --strip-html --normalize nfkc --turns last'; do
    echo "-- $how"
    # shellcheck disable=SC2086
    ift-format --jq . $how r.jsonl
done
awk 'BEGIN { printf "{\"instruction\":\"x\",\"input\":\"\",\"output\":\""; for (i = 0; i < 20001; i++) printf "<b>"; print "\"}" }' |
    ift-format --jq . --strip-html || echo $?
