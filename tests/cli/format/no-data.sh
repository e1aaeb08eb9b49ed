# A program that finds no data folder says so, wherever it lists what is in it.
bin=$(dirname "$(command -v ift-format)")
mkdir -p away/bin
cp "$bin"/ift-format "$bin"/ift-stats "$bin"/ift-tokenize "$bin"/ift-template-cot away/bin
unset IFT_DATA
[ "$(away/bin/ift-format --list 2>/dev/null | wc -l)" -gt 1 ] && { echo 'skipped: ift is installed here, with its data'; exit 77; }
for command in 'ift-format --list' 'ift-stats --table' 'ift-tokenize --list' 'ift-template-cot --list'; do
    away/bin/$command || echo "$command: $?"
done
