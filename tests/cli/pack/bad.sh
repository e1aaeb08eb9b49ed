# Rows that are not as promised.
try() { printf '%s\n' "$1" | ift-pack --as jsonl || echo "$?"; }
try '{"ids":[]}'
try '{"ids":[1,-2]}'
try '{"ids":[1,2],"labels":[1]}'
try '{"ids":[1,2],"labels":[1,3]}'
try '{"ids":[1,2],"docs":[1]}'
try '{"ids":[1,2],"docs":[2,0]}'
try '{"ids":[1,2.5]}'
try '{"labels":[1]}'
try '[1,2]'
try '{"ids":[1,2]'
printf '{"ids":[1,2]}\n\n{"ids":[3,4]}' | ift-pack -q --length 2 --as jsonl
