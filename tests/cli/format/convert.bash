# convert.bash: for cases that run published files through their recipes.
#
# convert RECIPE FILE WHAT [OPTION...]: what FILE (below $SHARED/data) gives is in out.jsonl, and its tally printed. WHAT
# (in or out) is what the index of the files counts as its records; - if it counts something else. libjq must make the same.
data=$SHARED/data
[ -d "$data/real" ] || { echo "skipped: $data/real is not there"; exit 77; }

# Our own evaluator writes 39.0 as it stands, libjq 39.
whole() { sed -E 's/"output":"([0-9]+)\.0"/"output":"\1"/' "$1"; }

convert() {
    local recipe=$1 file=$2 what=$3 group=${2%%/*} known tally
    shift 3
    ift-format --from "$recipe" --keep-going "$@" "$data/$file" 2>log >out.jsonl || echo "$file: failed"
    ift-format -q --from "$recipe" --keep-going --engine libjq "$@" "$data/$file" 2>/dev/null >libjq.jsonl || true
    cmp <(whole out.jsonl) <(whole libjq.jsonl) || echo "$file: libjq makes something else"
    tally=$(tail -n 1 log)
    known=$(awk -F'\t' -v f="${file#*/}" '$2 == f { print $4 }' "$data/$group/INDEX.tsv")
    case $what in
    in) [[ $tally == "ift-format: $known records in, "* ]] || echo "$file: the index says $known in" ;;
    out) [[ $tally == *" in, $known out, "* ]] || echo "$file: the index says $known out" ;;
    esac
    echo "$recipe ${file#*/}: ${tally#ift-format: }"
}
