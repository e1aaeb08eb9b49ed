# A stream that ends too early is an error on files and on pipes, even with --keep-going; what was whole is written.
one='{"instruction":"a","output":"b"}'
try() { # NAME CONTENT
    printf "$2" | ift-format --from alpaca --keep-going 2>&1 || echo "exit $?"
}
try line "$one\n{\"instruction\":\"a\",\"outp"
try array "[$one,$one"
try element "[$one,{\"instruction\":\"a\""
try comma "[$one,"
try string "[$one,\"abc"
try open '['
try behind "[$one]x"
yes "$one" 2>/dev/null | head -n 3000 >many.jsonl
gzip -c many.jsonl | head -c -20 >cut.gz
cat cut.gz | ift-format --from alpaca >out 2>err && echo "a cut gzip file was taken"
sed 's/:.*//' err
printf 'q\ta\t"r' | ift-format -q --from flan-cot || echo "exit $?"
