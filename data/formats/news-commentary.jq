# title: News Commentary
# read: json
# lang: EN/CN
# task: TS
# gen: COL
# type: translation between Chinese and English
# source: https://huggingface.co/datasets/P01son/instructions
# licence: CC BY 4.0
# records: 252776
{instruction, input, output}
