# A reader who went away ends the tool by SIGPIPE, without a word.
. "$SRC/tests/cli/generic.sh"
need_sample
[ $kind != dir ] || does_not_apply
mkfifo ready
input >whole
{
    read -r _ <ready
    status=0
    "$TOOL" "${args[@]}" <whole 2>err || status=$?
    echo $status >status
} | {
    exec <&-
    echo gone >ready
}
# Where SIGPIPE is ignored from the start (some runners do), the tool just fails.
ignored=0x$(sed -n 's/^SigIgn:\t//p' /proc/self/status)
want=$((ignored & 0x1000 ? 1 : 141))
[ "$(<status)" = $want ] || fail "exit status $(<status), not $want: $(<err)"
[ ! -s err ] || fail "not quiet: $(<err)"
