# Documents share rows, in order, with their lengths; a single one has no "docs".
cat >d.jsonl <<'EOF'
{"ids":[1,2,3,4,5]}
{"ids":[6,7,8],"labels":[-100,7,8]}
{"ids":[9,10]}
{"ids":[11,12,13,14,15,16,17,18,19,20]}
{"ids":[21,22,23],"labels":[21,-100,-100]}
EOF
ift-pack --length 10 --as jsonl d.jsonl
# JSONL and a shard are the same rows, and packing what is packed takes it apart first.
ift-pack -q --length 10 d.jsonl >p.ifs
ift-view p.ifs | cmp - <(ift-pack -q --length 10 --as jsonl d.jsonl)
ift-pack --length 13 --as jsonl p.ifs
