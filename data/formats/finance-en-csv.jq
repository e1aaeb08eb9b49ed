# title: Finance Alpaca, as CSV (finance-alpaca-csv)
# read: csv header=yes
# lang: EN
# task: TS
# gen: COL
# type: questions about finance
# source: https://huggingface.co/datasets/gbharti/finance-alpaca
# licence: not stated
# records: 68912
{instruction, input, output}
