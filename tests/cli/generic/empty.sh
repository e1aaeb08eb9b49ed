# Empty input ends at once, well or with one line, and never by a signal.
. "$SRC/tests/cli/generic.sh"
need_sample
[ $reads = yes ] || does_not_apply
if [ $kind = dir ]; then args+=(-o made); fi
status "$TOOL" "${args[@]}" -q
if [ "$empty" = 0 ]; then
    [[ $status == 0 && ! -s err ]] || fail "exit status $status: $(<err)"
else
    failed_well "$empty" 'empty input'
    [ ! -e made ] || fail 'left a folder'
fi
