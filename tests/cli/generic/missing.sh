# A file that is not there is named, and is a failure.
. "$SRC/tests/cli/generic.sh"
need_sample
[ $reads = yes ] || does_not_apply
if [ $kind = dir ]; then args+=(-o made); fi
status "$TOOL" "${args[@]}" -q no/such/file
failed_well 1 'a missing file'
[[ $(<err) == *no/such/file*'No such file or directory'* ]] || fail "does not name it: $(<err)"
[ ! -e made ] || fail 'left a folder'
