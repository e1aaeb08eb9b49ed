# What tokenizers' BpeTrainer learns from the same texts and saves, byte for byte, whatever -j and layout.
golden=$SRC/tests/golden/vocab_train
cp "$golden/texts.jsonl" .
learn() {
    local cut=$1
    shift
    ift-vocab train texts.jsonl --field text --cut "$cut" "$@" -o $cut
    cmp $cut/tokenizer.json "$golden/$cut.json"
    for jobs in 1 2 7; do
        ift-vocab train -q -j $jobs - --field text --cut "$cut" "$@" -o $cut-$jobs <texts.jsonl
        cmp $cut-$jobs/tokenizer.json "$golden/$cut.json"
    done
}
{
    learn gpt2 --size 400 --min-count 1 --bos '<s>' --eos '</s>'
    learn llama3 --size 420 --special '<|endoftext|>'
    learn qwen2 --size 5000 --min-count 30
} 2>&1
cat gpt2/tokenizer_config.json llama3/tokenizer_config.json
sed 's/"version":"[^"]*"/"version":…/' gpt2/provenance.json
ift-vocab show gpt2 | tail -n 8
# Learned from a plain text: words do not depend on where its parts are cut.
for _ in $(seq 40); do cat "$SRC/README.md" "$SRC/man/"*.1 && cat texts.jsonl; done >long
as_json() { printf '{"text":"'; sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/\\t/g; s/$/\\n/' "$1" | tr -d '\n'; echo '"}'; }
as_json long >long.json
for cut in gpt2 llama3 qwen2; do
    ift-vocab train -q --cut $cut --size 2000 --eos '<|end|>' long -o plain-$cut
    ift-vocab train -q --cut $cut --size 2000 --eos '<|end|>' --field text long.json -o whole-$cut
    cmp plain-$cut/tokenizer.json whole-$cut/tokenizer.json
done
# A special token is not learned from text, however often it is there.
yes 'endtoken endtoken' | head -n 100 >tokens
ift-vocab train -q --size 300 --special endtoken tokens -o special
ift-vocab lookup --as-text special endtoken
# Text goes through what was learned and back.
sed 's/^{"text": /{"text":/' texts.jsonl >texts
ift-tokenize -q --bare --vocab qwen2 texts | ift-detokenize -q --vocab qwen2 | diff texts -
