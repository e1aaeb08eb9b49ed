# generic.sh: what the cases in tests/cli/generic share. Each of them is run for every tool, $TOOL, so
# that a new one is held to the rules of the house from its first day. Most need to run the tool on
# something: its owner writes tests/cli/<tool>/sample.sh, which is sourced in the scratch folder and says
#
#   args=(--from alpaca)     arguments that, with `input` on standard input, give exit 0 and bytes on
#                            standard output, or, for a tool that takes -o DIR, work when that is added
#   input() { cat "$SRC/data/samples/alpaca.json"; }    a whole, valid input of a few records
#
# and where the tool differs from most:
#
#   empty=1                  exit status for empty input; 0 unless said: nothing in, nothing out
#   cuts="gz raw"            how `input` is cut to give a truncated input that must fail: gz
#                            (compressed, then cut), zst, raw (the bytes themselves); "gz zst" unless
#                            said
#   args=()  input() { :; }  for a tool that reads no standard input (no FILE operands in its usage)
# shellcheck shell=bash
name=${TOOL#ift-}
sample=$SRC/tests/cli/$name/sample.sh

skip() {
    echo "$*"
    exit 77
}

# The case has nothing to say about this tool.
does_not_apply() {
    exit 78
}

fail() {
    echo "$TOOL: $*"
    exit 1
}

# usage: the usage line on one line, without "usage: ".
usage() {
    "$TOOL" --help | sed -n '1,/^$/p' | tr '\n' ' ' | sed 's/^usage: //; s/  */ /g; s/ $//'
}

# Reads sample.sh. $kind becomes stdout, file (-o FILE) or dir (-o DIR), $reads yes or no.
need_sample() {
    [ -e "$sample" ] || skip "no tests/cli/$name/sample.sh"
    empty=0 cuts='gz zst' kind=stdout reads=no
    # shellcheck source=/dev/null
    . "$sample"
    case $(usage) in
    *' -o DIR'*) kind=dir ;;
    *'[-o FILE]'*) kind='file' ;;
    esac
    case $(usage) in *'FILE...]'*) reads=yes ;; esac
}

# status COMMAND...: its exit status, in $status, what it printed in out and err.
status() {
    status=0
    "$@" >out 2>err || status=$?
}

# The tool failed as it should: by itself, with one line that begins with its name.
failed_well() {
    [ "$status" = "$1" ] || fail "$2: exit status $status, not $1: $(tail -n 3 err)"
    [[ $(wc -l <err) == 1 && $(<err) == "$TOOL: "* ]] || fail "$2: not one line: $(head -n 5 err)"
}
