# Lines between empty ones are a value, wherever the blocks of the input end.
recipe='# read: paragraphs
{instruction: "-", output: .}'
printf '\xef\xbb\xbfone\r\ntwo\n \t\n\n\nthree\n\n' | ift-format --jq "$recipe"
printf '' | ift-format --jq "$recipe"
{ printf 'a\n\nb\0\n\nc \xff\n\n'; printf 'last'; } | ift-format --jq "$recipe" --keep-going
awk 'BEGIN { for (i = 1; i <= 4000; i++) { for (k = 0; k <= i % 7; k++) { printf "%d:", i; for (n = i * k % 90; n > 0; n--) printf "x"; print "" } print i % 3 ? "" : " \n" } }' >many
awk 'BEGIN { RS = "\n[ \n]*\n"; ORS = "" } { gsub("\n", "\\n"); sub("\\\\n$", ""); print "{\"instruction\":\"-\",\"output\":\"" $0 "\",\"input\":\"\"}\n" }' many >want
for j in 1 3; do ift-format -q -j $j --jq "$recipe" many | sed 's/\("instruction":"-"\),\("input":""\),\(.*\)}$/\1,\3,\2}/' | cmp - want; done
