# Output bytes do not depend on the number of threads.
. "$SRC/tests/cli/generic.sh"
case $(usage) in *'[-j N]'*) ;; *) does_not_apply ;; esac
need_sample
for jobs in 1 2 8; do
    if [ $kind = dir ]; then
        input | "$TOOL" "${args[@]}" -q -j $jobs -o made$jobs
    else
        input | "$TOOL" "${args[@]}" -q -j $jobs >made$jobs
        [ -s made$jobs ] || fail 'wrote nothing'
    fi
    diff -r made1 made$jobs || fail "-j 1 and -j $jobs differ"
done
