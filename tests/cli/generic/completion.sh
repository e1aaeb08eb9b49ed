# --completion is a bash function that completes the tool's options.
. "$SRC/tests/cli/generic.sh"
"$TOOL" --completion >completion
# shellcheck source=/dev/null
. ./completion
COMP_WORDS=("$TOOL" --verb) COMP_CWORD=1
"_${TOOL//-/_}"
# shellcheck disable=SC2154
[ "${COMPREPLY[*]}" = --verbose ] || fail "--verb completes to ${COMPREPLY[*]}"
complete -p "$TOOL" >said || fail 'complete was not called'
