# Command lines that make no sense: exit 2 and a hint.
try() { ift-format "$@" </dev/null || echo "exit $?"; }
try
try --from dolly --jq .
try --from doly
try --from ./nowhere.jq
try --jq '{instruction'
try --jq . --as parquet
try --describe
try --describe nothing
try --from alpaca nowhere.json
