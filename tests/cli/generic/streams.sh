# Closed standard streams are failures where they are needed, and nothing lands in the wrong file.
. "$SRC/tests/cli/generic.sh"
status=0
"$TOOL" --help >&- 2>err || status=$?
failed_well 1 'closed standard output'
need_sample
[ $reads = yes ] || exit 0
if [ $kind = dir ]; then args+=(-o made); fi
status=0
"$TOOL" "${args[@]}" -q <&- >out 2>err || status=$?
failed_well 1 'closed standard input'
[ ! -e made ] || fail 'left a folder'
