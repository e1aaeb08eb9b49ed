# An input that was cut short is a failure, on a pipe too.
. "$SRC/tests/cli/generic.sh"
need_sample
[ $reads = yes ] || does_not_apply
if [ $kind = dir ]; then args+=(-o made); fi
input >whole
for cut in $cuts; do
    case $cut in
    gz) gzip -nc whole >packed ;;
    zst)
        command -v zstd >/dev/null || continue
        zstd -qc whole >packed
        ;;
    raw) cp whole packed ;;
    esac
    size=$(wc -c <packed)
    for less in 1 $((size / 3)); do
        head -c $((size - less)) packed >short
        cat short | { status "$TOOL" "${args[@]}" -q && failed_well 1 "$cut cut by $less bytes"; }
        status "$TOOL" "${args[@]}" -q short
        failed_well 1 "$cut file cut by $less bytes"
        [ ! -e made ] || fail "$cut cut by $less bytes left a folder"
    done
done
