# title: Alpaca
# read: json
# lang: EN
# task: MT
# gen: SI
# type: general instruct
# source: https://github.com/tatsu-lab/stanford_alpaca
# licence: CC BY-NC 4.0
# records: 52002
#
# The unified keys are Alpaca's own. Whatever else a record holds stays; a missing input becomes "".
.
