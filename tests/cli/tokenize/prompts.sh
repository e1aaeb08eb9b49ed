# Every prompt: two rounds, and a record with an input where there is a place for it; [] around what is learned. Then the
# tokens of the rounds.
mkdir m
names='<|begin_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|> <|im_start|> <|im_end|> <eoh> <eom> [gMASK] <sop> sop'
id=584 more=""
for name in $names; do
    more="$more    {\"id\": $id, \"content\": \"$name\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true},\n"
    id=$((id + 1))
done
sed "s#^  \"added_tokens\": \[#&\n${more%\\n}#" "$SRC/tests/golden/vocab/tokenizer.json" >m/tokenizer.json
sed 's/"add_bos_token": false/"add_bos_token": true/' "$SRC/tests/golden/vocab/tokenizer_config.json" >m/tokenizer_config.json
cat >r.jsonl <<'EOF'
{"instruction":"","input":"","output":"","messages":[{"role":"user","content":"one"},{"role":"assistant","content":"A"},{"role":"user","content":"two"},{"role":"assistant","content":"B"}]}
{"instruction":"do","input":"it","output":"C"}
EOF
ift-tokenize --list
for p in $(ift-tokenize --list | cut -d ' ' -f 1); do
    echo "== $p"
    ift-tokenize -q --vocab m --prompt "$p" --as jsonl r.jsonl >ids.jsonl
    # Ids back to text, a row at a time: learned tokens in brackets.
    for row in 1 2; do
        sed -n "${row}p" ids.jsonl | sed 's/.*"ids":\[\([^]]*\)\].*"labels":\[\([^]]*\)\].*/\1\n\2/' >pair
        paste -d ' ' <(head -n 1 pair | tr ',' '\n') <(tail -n 1 pair | tr ',' '\n') |
            awk '{ l = $2 != -100; if (NR > 1 && l != last) print ""; printf "%s%s", (NR > 1 && l == last) ? "," : (l ? "+" : "-"), $1; last = l } END { print "" }' |
            while read -r run; do
                text=$(echo "{\"ids\":[${run#?}]}" | ift-detokenize --vocab m --keep-control | tr -d '\n')
                if [ "${run:0:1}" = + ]; then echo "[$text]"; else echo "$text"; fi
            done
    done
done
for p in $(ift-tokenize --list | cut -d ' ' -f 1); do
    echo "== $p"
    head -n 1 r.jsonl | ift-tokenize -q --vocab m --prompt "$p" --explain
done
