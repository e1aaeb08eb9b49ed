# Vocabularies as families publish them, without a model: ids and back.
for vocab in gpt2-38 tiktoken-41 tiktoken-43; do
    printf '%s\n' '{"text":"a 12 é\n\n中文 <s>"}' |
        ift-tokenize -q --vocab "$SRC/tests/golden/tokenizer/$vocab" --bare --as jsonl |
        ift-detokenize -q --vocab "$SRC/tests/golden/tokenizer/$vocab"
done
# An added token has the id that is stated for it, ids left out or not.
sed 's/"added_tokens": \[/&{"id": 700, "content": "<|x|>", "special": true},/' "$SRC/tests/golden/vocab/tokenizer.json" >left-out.json
echo '{"text":"a<|x|>"}' | ift-tokenize -q --vocab left-out.json --bare --parse-control --as jsonl
# What files do not say is asked for, not guessed.
cp "$SRC/tests/golden/tokenizer/tiktoken-43/tokenizer.model" .
echo '{"text":"a"}' | ift-tokenize --vocab tokenizer.model --bare || true
mkdir empty
echo '{"text":"a"}' | ift-tokenize --vocab empty --bare
