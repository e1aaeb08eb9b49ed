# The table of known collections: counted where there are records, else as published and marked; a second recipe of the
# same source and number is no second collection; what no recipe knows stands below.
export IFT_DATA=$PWD/data
# A program far from the installed recipes, which would be listed, too.
mkdir -p far/away
cp "$(command -v ift-stats)" far/away
PATH=$PWD/far/away:$PATH
mkdir -p data/formats
recipe() { printf '# title: %s\n# lang: %s\n# task: MT\n# gen: SI\n# type: a | b\n# source: https://%s\n%s.\n' "$1" "$2" "$3" "$4" >data/formats/"$1".jq; }
recipe alpha EN example.org/alpha $'# records: 500\n'
recipe beta CN example.org/beta $'# records: 4000\n'
recipe beta-plain CN example.org/beta $'# records: 4000\n'
recipe gamma ML example.org/gamma ''
record() { printf '{"instruction":"a","input":"","output":"b"%s}\n' "$1"; }
record '' >alpha.jsonl
record ',"source":"beta"' | tee b1.jsonl >b2.jsonl
record ',"source":"beta-plain"' >>b2.jsonl # not in every record
record ',"source":"nobody"' >own.jsonl
ift-stats --table
for as in text markdown tsv json; do ift-stats -q --table --as $as alpha.jsonl b1.jsonl b2.jsonl own.jsonl; echo; done
ift-stats -q --table --by source --as tsv ./*.jsonl | cut -f 1,2,8
