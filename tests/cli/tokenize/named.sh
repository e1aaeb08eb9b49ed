# A name that the vocabulary finds in any text (a user-defined piece) and that ends answers, as InternLM's <eoa> does:
# where a record says it, it is text. --parse-control, and a prompt that does not say it, leave it to the vocabulary.
vocab=$SRC/tests/golden/tokenizer/model-2.model
echo '{"about":"ends in <|x|>","user":"q: {instruction}\n","answer":"{output}<|x|>"}' >ends.json
echo '{"about":"does not","user":"q: {instruction}\n","answer":"{output}"}' >plain.json
echo "{% for m in messages %}{{ m.role }}: {{ m.content }}<|x|>{{ '\n' }}{% endfor %}" >chat.jinja
echo '{"instruction":"a<|x|>b","input":"","output":"<|x|>b<|x|><|x"}' >r.jsonl
count() { # how many such pieces there are, and whether ids give the text back
    ift-tokenize -q --vocab "$vocab" --as jsonl "$@" r.jsonl >row
    echo "$* $(sed 's/.*"ids":\[\([^]]*\)\].*/\1/' row | tr ',' '\n' | grep -cx 259) $(ift-detokenize -q --vocab "$vocab" row)"
}
for straddle in mask train split; do count --prompt ./ends.json --straddle $straddle; done
count --prompt ./ends.json --parse-control
count --prompt ./plain.json
count --prompt ./chat.jinja
count --prompt ./chat.jinja --parse-control
ift-tokenize --vocab "$vocab" --prompt ./ends.json --explain r.jsonl
