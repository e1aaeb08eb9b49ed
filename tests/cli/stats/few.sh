# Nothing, and one record: no figure divides by zero, and ties are the value itself.
ift-stats -q </dev/null
echo '{"instruction":"one","input":"","output":"1"}' | ift-stats -q
# Percentiles are values that occur: of 1..200, each twice, ranks 200, 360, 396, 400.
awk 'BEGIN { for (i = 400; i > 0; i--) printf "{\"instruction\":\"%0*d\",\"input\":\"\",\"output\":\"x\"}\n", int((i + 1) / 2), 7 }' |
    ift-stats -q --as json | grep -o '"instruction":.*"input"' | uniq
