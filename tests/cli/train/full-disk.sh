# Metrics that cannot be written stop the run.
. "$SRC/tests/cli/train/common.sh"
[ -e /dev/full ] || { echo 'no /dev/full'; exit 77; }
"${lora[@]}" --steps 3 -o out "$rows" >/dev/full
