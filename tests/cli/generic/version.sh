# --version names the tool, the suite and what it was built with.
. "$SRC/tests/cli/generic.sh"
status "$TOOL" --version
[[ $status == 0 && ! -s err ]] || fail "--version: exit status $status: $(<err)"
version=$(sed -n 's/^VERSION := //p' "$SRC/Makefile")
[ "$(head -n 1 out)" = "$TOOL (ift $version)" ] || fail "--version: $(head -n 1 out)"
[[ $(tail -n 1 out) =~ ^(gcc|clang)\ [0-9].*,\ libarchive\ [0-9] ]] || fail "--version: $(tail -n 1 out)"
