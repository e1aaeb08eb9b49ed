# Without input and with a terminal for standard input: usage, not a wait.
. "$SRC/tests/cli/generic.sh"
need_sample
[ $reads = yes ] || does_not_apply
command -v script >/dev/null || skip 'no script'
if [ $kind = dir ]; then args+=(-o made); fi
command=$(printf ' %q' "$TOOL" "${args[@]}")
status timeout 20 script -qec "$command 2>said" /dev/null
[ "$status" = 2 ] || fail "exit status $status: $(<said)"
[[ $(<said) == *"$TOOL: no input"* ]] || fail "said $(<said)"
[ ! -e made ] || fail 'made its folder all the same'
