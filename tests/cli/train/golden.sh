# Two epochs as transformers' Trainer does them: the metrics are its losses, norms and rates (tests/golden/train).
. "$SRC/tests/cli/train/common.sh"
"${train[@]}" --peft none --lr 0.002 --warmup 2 --epochs 2 --batch 5 --order given --weight-decay 0.01 \
    -o made "$rows" >metrics
ls made
awk -F'[:,}]' '{ print $2, $6, $8, $10, $14 }' metrics >got
tr -d ' \n' <"$SRC/tests/golden/train/linear-accum2/case.json" | grep -o '{"update":[^}]*}' |
    awk -F'[:,}]' '{ print $2, $4, $6, $8, $10 }' >want
paste -d' ' got want | awk '
    function off(a, b) { return a > b ? a - b : b - a }
    $1 != $6 || off($2, $7) > 1e-5 || off($3, $8) > 1e-5 * $8 || $4 != $9 || $5 != $10 { print "differs: " $0 }
    END { print NR " updates" }'
