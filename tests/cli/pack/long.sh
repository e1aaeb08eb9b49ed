# Documents longer than a row: left out, cut, or split; pieces without a learned token are left out.
cat >d.jsonl <<'EOF'
{"ids":[1,2,3,4,5,6,7,8,9,10]}
{"ids":[11,12,13,14,15,16],"labels":[-100,-100,-100,-100,-100,16]}
{"ids":[17,18]}
EOF
for how in drop truncate split; do ift-pack --length 4 --long $how --as jsonl d.jsonl; done
