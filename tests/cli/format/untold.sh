# A system text that a shape has no place for is left out, and counted.
printf '%s\n' '{"system":"s","instruction":"a","input":"","output":"b"}' '{"instruction":"c","input":"","output":"d"}' |
    ift-format --jq . --as alpaca 2>&1
