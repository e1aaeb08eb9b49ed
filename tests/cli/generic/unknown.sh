# A misspelt option is a usage error that names the nearest one.
. "$SRC/tests/cli/generic.sh"
status "$TOOL" --verbos
failed_well 2 '--verbos'
[ "$(<err)" = "$TOOL: unknown option --verbos, did you mean --verbose?" ] || fail "--verbos: $(<err)"
[ ! -s out ] || fail '--verbos: wrote to standard output'
status "$TOOL" --preset
failed_well 2 '--preset without a value'
status "$TOOL" --preset no-such-preset
failed_well 2 'a preset that is not there'
