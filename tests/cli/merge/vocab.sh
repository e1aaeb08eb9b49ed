# A model grown to a vocabulary, without an adapter: files, sizes, messages; and what is refused. What the rows are is
# unit/grow.
tokenizers=$SRC/tests/golden/tokenizer
ift-init -q --config "$SRC/tests/golden/peft/base-llama/config.json" -o base
cp "$tokenizers/model-0.model" base/tokenizer.model # 56 pieces in 131 rows
echo '{"bos_token":"<s>"}' >base/tokenizer_config.json
piece() { printf '\012\015\012\006%s\025\0\0\200\077' "$1"; }
{ cat base/tokenizer.model && piece 中文 && piece a文é; } >new.model
ift-merge --model base --vocab new.model -o inside 2>&1
ift-merge --model base --vocab new.model --new-rows mean --pad-vocab 64 --dtype bf16 -o padded 2>&1
cmp inside/config.json base/config.json
grep -o '"vocab_size": [0-9]*' padded/config.json
grep -o '"dtype": "[a-z0-9]*"' padded/config.json
ls padded
cmp padded/tokenizer.model new.model
cmp padded/tokenizer_config.json base/tokenizer_config.json
echo '{"text":"中文é"}' | ift-tokenize -q --model padded --bare --as jsonl | grep -c 56
mkdir folder
cp new.model folder/tokenizer.model
echo '{"bos_token":"<s>","new":true}' >folder/tokenizer_config.json
ift-merge -q --model base --vocab folder -o by-folder
cmp by-folder/tokenizer_config.json folder/tokenizer_config.json

try() {
    ift-merge --model base "$@" -o out 2>&1 || echo "exit $?"
    [ ! -e out ]
}
cp "$tokenizers/model-1.model" other.model
try --vocab other.model
try --vocab nowhere
try --vocab new.model --new-rows random
try --pad-vocab 8 --adapter x
try
ift-merge --model padded --vocab base -o out 2>&1 || echo "exit $?"
