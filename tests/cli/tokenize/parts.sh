# A word that is an entry of the table is that entry even where no merging leads to it (abc); a part
# of a longer word is not.
cp -r "$SRC/tests/golden/tokenizer/tiktoken-43" vocab
awk 'BEGIN {
    for (i = 0; i < 64; i++)
        digit[i] = substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", i + 1, 1)
    for (b = 0; b < 256; b++) print digit[int(b / 4)] digit[b % 4 * 16] "== " b
    print "YWJj 256"
}' >vocab/tokenizer.model
for text in 1abc 1abc啊 1啊abc 1abc; do
    echo "{\"text\":\"$text\"}"
done | ift-tokenize -q --vocab vocab --bare --as jsonl
