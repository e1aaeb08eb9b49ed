# A preset's options come before those typed, and its mistakes are told with its name.
. "$SRC/tests/cli/generic.sh"
printf '# what the tool is\n\n  --version  \n' >about.opts
"$TOOL" --version >want
"$TOOL" --preset ./about.opts -q | cmp - want || fail '--preset FILE'
"$TOOL" -q --preset=./about.opts | cmp - want || fail '--preset=FILE'

echo '--verbos' >wrong.opts
status "$TOOL" --preset ./wrong.opts
failed_well 2 'a preset with a misspelt option'
[[ $(<err) == "$TOOL: preset ./wrong.opts: unknown option --verbos"* ]] || fail "says $(<err)"
printf -- '--quiet\nverbose\n' >wrong.opts
status "$TOOL" --preset ./wrong.opts
failed_well 2 'a preset with a line that is no option'
[[ $(<err) == "$TOOL: ./wrong.opts:2: not an option"* ]] || fail "says $(<err)"
echo '--preset ./about.opts' >wrong.opts
status "$TOOL" --preset ./wrong.opts
failed_well 2 'a preset in a preset'
