# title: Finance Alpaca
# read: json
# lang: EN
# task: TS
# gen: COL
# type: questions about finance
# source: https://huggingface.co/datasets/gbharti/finance-alpaca
# licence: not stated
# records: 68912
#
# The unified keys, and a `text` that holds nothing.
del(.text)
