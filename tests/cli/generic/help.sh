# --help answers and the usage line is the man page's SYNOPSIS; -h is the same.
. "$SRC/tests/cli/generic.sh"
status "$TOOL" --help
[[ $status == 0 && ! -s err ]] || fail "--help: exit status $status: $(<err)"
"$TOOL" -h | cmp -s - out || fail '-h is not --help'
[[ $(usage) == "$TOOL"* ]] || fail "usage does not begin with the name: $(usage)"
awk 'length > 100 { print FILENAME ": " $0; bad = 1 } END { exit bad }' out || fail '--help: a line beyond 100 columns'

page=$SRC/man/$TOOL.1
[ -e "$page" ] || fail "no man/$TOOL.1"
command -v mandoc >/dev/null || skip 'no mandoc'
synopsis=$(mandoc -T ascii -O width=200 "$page" | sed 's/.\x08//g' |
    awk '/^[^ ]/ { inside = $1 == "SYNOPSIS"; next } inside' | tr -s ' \n' ' ')
[ "${synopsis// /}" = "$(usage | tr -d ' ')" ] && exit 0
echo "the SYNOPSIS of man/$TOOL.1 is not the usage line:"
echo " $(usage)"
echo "$synopsis"
echo 'as mdoc the usage is:'
echo ".Nm $TOOL"
usage | sed "s/^$TOOL//; s/ \[/\n[/g; s/ -/\n-/g" | sed -E '
    /^$/d
    s/^\[([^-].*)\]$/.Op Ar \1/
    s/^\[-(.*)\]\.\.\.$/.Oo Fl \1 Oc Ns .../
    s/^\[-(.*)\]$/.Op Fl \1/
    s/^-/.Fl /
    s/\[=(.*)\]/ Ns Op Ns = Ns Ar \1/
    s/(Fl [^ ]+) ([^ ]+)$/\1 Ar \2/
    s/(Fl [^ ]+) ([^ ]+) Oc/\1 Ar \2 Oc/'
exit 1
