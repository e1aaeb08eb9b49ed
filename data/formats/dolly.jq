# title: Dolly 2.0
# read: json
# lang: EN
# task: TS
# gen: HG
# type: seven kinds of instructions written by employees
# source: https://huggingface.co/datasets/databricks/databricks-dolly-15k
# licence: CC BY-SA 3.0
# records: 15015
{instruction, input: (.context // ""), output: (.response // error("no \"response\"")), tags: [.category]}
