# What cannot be done is said with what to do, and leaves nothing behind.
golden=$SRC/tests/golden/vocab_merge
refused() {
    local status=0
    "$@" >said 2>&1 || status=$?
    echo "$status $(sed "s|$golden/||g; s|$SRC/||g" said)"
    rm said
    [ "$(ls -A)" = "$before" ] || ls -A
}
head -c 3000 "$golden/base.model" >broken
echo 'some text' >text
before=$(ls -A)
base=$golden/base.model
refused ift-vocab
refused ift-vocab shew
refused ift-vocab show
refused ift-vocab show nowhere
refused ift-vocab show text
refused ift-vocab show broken
refused ift-vocab show "$base" 5-x
refused ift-vocab show "$base" 7-3
refused ift-vocab show "$base" 460
refused ift-vocab lookup "$base"
refused ift-vocab lookup "$base" 460
refused ift-vocab lookup "$base" -- -1
refused ift-vocab compare "$base"
refused ift-vocab compare "$base" text
refused ift-vocab compare "$base" "$base" nowhere
refused ift-vocab compare "$base" "$base" --field text text
refused ift-vocab merge "$base" -o out
refused ift-vocab merge "$base" broken -o out
refused ift-vocab merge text "$base" -o out
refused ift-vocab merge "$SRC/data/models/tiny/tokenizer.json" "$base" -o out
refused ift-vocab merge "$base" "$SRC/data/models/tiny" -o out
refused ift-vocab merge "$base" "$golden/add.model" --script han,klingon -o out
refused ift-vocab merge "$base" "$golden/add.model" nowhere -o out
refused ift-vocab merge "$base" "$golden/add.model" -o no/such/out
refused ift-vocab merge "$base" "$golden/add.model" --size 4 -o out
refused ift-vocab train text -o out
refused ift-vocab train text --size 300
refused ift-vocab train text --size 258 --bos a --special bc -o out
refused ift-vocab train text --size 257 --bos '<s>' --eos '</s>' -o out
refused ift-vocab train text --size 300 --special '' -o out
refused ift-vocab train nowhere --size 300 -o out
refused ift-vocab train text --field text --size 300 -o out
refused ift-vocab train text --size 300 -o no/such/out
refused ift-vocab train text --size 300 --limit 3 -o out
refused ift-vocab train text --size 300 --scores own -o out
refused ift-vocab show "$base" --field text
refused ift-vocab lookup "$base" a --cut llama3
refused ift-vocab compare "$base" "$base" text --min-count 3
printf 'na\357ve caf\351\n' >latin1
cat text latin1 >both
before=$(ls -A)
refused ift-vocab train text latin1 --size 300 -o out
refused ift-vocab compare "$base" "$base" both
