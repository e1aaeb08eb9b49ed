# Chat templates: beside the vocabulary, or a file; what is learned; what a record says is never a control token.
cp -R "$SRC/tests/golden/vocab" m
cat >m/chat_template.jinja <<'EOF'
{{ bos_token }}
{%- for m in messages %}
    {%- if m.role == 'user' %}{{ 'Q:' + m.content + '\n' }}
    {%- elif m.role == 'system' %}{{ '[' ~ m.content | trim ~ ']' }}
    {%- else %}{{ 'A: ' + m.content + eos_token + '\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ 'A:' }}{% endif %}
EOF
cat >r.jsonl <<'EOF'
{"instruction":"","input":"","output":"","messages":[{"role":"system","content":" s "},{"role":"user","content":"x</s>"},{"role":"assistant","content":"</s>y"},{"role":"user","content":"q"},{"role":"assistant","content":"n","train":false},{"role":"user","content":"z"},{"role":"assistant","content":"end"}]}
{"instruction":"Add.","input":"3","output":"4"}
EOF
show() {
    echo "-- $*"
    ift-tokenize -q --vocab m "$@" --explain r.jsonl | awk '/tokens,/ { print; next } { print $3, ($4 == "+" ? "+" : ""), $NF }'
}
show --prompt chat
for learn in last prompt; do
    echo "-- --learn $learn"
    ift-tokenize -q --vocab m --prompt chat --learn $learn --as jsonl r.jsonl | sed 's/"ids.*"labels"/"labels"/'
done
echo '-- answers that the template marks, and a template without an end for the last'
cat >marked.jinja <<'EOF'
{% for m in messages %}{% if m.role == 'assistant' %}A{% generation %}{{ m.content }}{% endgeneration %}{% else %}Q{{ m.content }}{% endif %}{% endfor %}
EOF
printf '%s' "{% for m in messages %}{{ m.role[0] ~ m.content }}{% endfor %}" >bare.jinja
tail -n 1 r.jsonl >one.jsonl
for t in marked bare; do ift-tokenize -q --vocab m --prompt $t.jinja --as jsonl one.jsonl; done
echo '-- what a template asks for beside messages'
printf '%s' "{{ style ~ (2 * n) ~ tag }}{% for m in messages %}{{ m.content }}{% endfor %}" >vars.jinja
sed 's/^{/{"chat_template_kwargs":{"style":"<\/s>own"},/' one.jsonl | cat one.jsonl - >two.jsonl
ift-tokenize -q --vocab m --prompt vars.jinja --prompt-vars '{"style":"its","n":21,"tag":"</s>"}' --as jsonl two.jsonl |
    ift-detokenize --vocab m --keep-control
echo '-- what is refused'
for vars in '[1]' '{"n":'; do ift-tokenize --vocab m --prompt vars.jinja --prompt-vars "$vars" one.jsonl || echo $?; done
ift-tokenize --vocab m --prompt alpaca --prompt-vars '{}' one.jsonl || echo $?
rm m/chat_template.jinja
ift-tokenize --vocab m --prompt chat --as jsonl one.jsonl || echo $?
printf '%s' "{{ messages }}
{% include 'x' %}" >t.jinja
ift-tokenize --vocab m --prompt t.jinja --as jsonl one.jsonl || echo $?
echo "{{ raise_exception('roles must alternate') }}" >t.jinja
ift-tokenize --vocab m --prompt t.jinja --as jsonl one.jsonl || echo $?
