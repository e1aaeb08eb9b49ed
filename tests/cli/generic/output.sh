# -o writes what standard output gets, all of it or nothing.
. "$SRC/tests/cli/generic.sh"
need_sample
[ $kind != stdout ] || does_not_apply
input >whole
mkdir work
cd work
status=0
"$TOOL" "${args[@]}" -q -o no/such/made <../whole 2>../err >../out || status=$?
cd ..
failed_well 1 '-o into a missing folder'
[ -z "$(ls -A work)" ] || fail "-o into a missing folder left $(ls -A work)"
[ $kind = file ] || exit 0
"$TOOL" "${args[@]}" -q <whole >direct
"$TOOL" "${args[@]}" -q -o made <whole
cmp direct made || fail '-o FILE is not what standard output gets'
"$TOOL" "${args[@]}" -q -o made <whole # over the old one
cmp direct made || fail 'a second -o FILE differs'
[ "$(find . -newer direct -type f | wc -l)" -le 2 ] || fail "left files: $(ls -A)"
