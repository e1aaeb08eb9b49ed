# What cannot be: each in one line.
. "$SRC/tests/cli/train/common.sh"
try() { "${train[@]}" -o out "$@" || echo "exit $?" >&2; }
echo '{"ids":[1,2,131]}' | try
echo '{"ids":[1,2,3],"labels":[1,-100,-100]}' | try
{ echo '{"ids":[1,2,3]}'; echo '{"ids":[5,-7]}'; } | try
seq -s, 1 130 | sed 's/^/{"ids":[/; s/$/]}/' | try
try --valid "$rows" --valid-fraction 0.1 "$rows"
try --epochs 0 "$rows"
try --valid-fraction 0.99 --batch 1 "$rows"
try --peft lore "$rows"
try --recompute some "$rows"
try --targets no_such "$rows"
# Each update takes every weight times -9.
try --lr 10 --weight-decay 1 --warmup 0 --schedule constant --steps 50 --peft none "$rows" >/dev/null
[ ! -e out/model.safetensors ]
