# What seed 1 gives, for good: records made today must be made again next year.
ift-template-cot -s 1 "$SRC/data/samples/cot.jsonl"
ift-template-cot -q -s 1 --templates cot-zh --templates answer-first --as json-array "$SRC/data/samples/cot.jsonl"
