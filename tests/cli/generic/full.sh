# A full disk is a failure.
. "$SRC/tests/cli/generic.sh"
[ -e /dev/full ] || skip 'no /dev/full'
status=0
"$TOOL" --help 2>err >/dev/full || status=$?
failed_well 1 '--help to a full disk'
need_sample
[ $kind != dir ] || exit 0
status=0
input | "$TOOL" "${args[@]}" -q 2>err >/dev/full || status=$?
failed_well 1 'a full disk'
[[ $(<err) == *'No space left on device'* ]] || fail "does not say why: $(<err)"
