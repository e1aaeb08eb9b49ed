# Rows of a dialogue that follow one another become one value; what breaks a dialogue is told by the line on which it begins.
row() { # DIALOGUE RESPONSE
    echo "{\"context\":\"q$1.$2\",\"response\":\"a$1.$2\",\"safety_label\":\"__casual__\",\"source\":\"s\",\"dialogue_id\":$1,\"response_id\":$2}"
}
{ row 0 0; row 0 1; row 1 0; row 2 0; row 2 2; row 3 1; row 4 0; echo '{"context":"c'; row 4 1; echo '{"context":"c"}'; } >in.jsonl
ift-format --from prosocial-dialog-context --turns each --context --rejects bad.jsonl in.jsonl
cut -d , -f 1-3 bad.jsonl
for i in $(seq 3000); do for k in $(seq 0 $((i % 5))); do row $i $k; done; done >many.jsonl
for j in 1 4; do ift-format --from prosocial-dialog-context -j $j many.jsonl | cksum; done | uniq | wc -l
head -c 20000 many.jsonl | ift-format --from prosocial-dialog-context >out.jsonl || wc -l <out.jsonl
for read in 'json group=' 'csv group=k' 'json header=yes'; do
    ift-format --jq "# read: $read
." in.jsonl || true
done
