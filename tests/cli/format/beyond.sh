# A program that would take all memory fails for its value; the next value is read.
free=$(awk '$1 == "MemAvailable:" {print int($2 / 1048576)}' /proc/meminfo)
[ "${free:-0}" -ge 6 ] || { echo 'needs 6 GiB of memory that is free'; exit 77; }
printf '{"n":1e20}\n{"n":2}\n' >in
make() { ift-format -j 1 --engine native --keep-going --jq "{instruction: \"x\", input: \"\", output: $1}" in; }
make '([range(.n)] | length | tostring)'
make '(reduce range(.n) as $i ([]; . + [$i]) | tojson)'
make '"", all: [range(.n)]'
