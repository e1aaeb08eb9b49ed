# title: instruct (swype)
# read: json
# lang: EN
# task: MT
# gen: COL
# type: GPT4All, Alpaca and Meta's open sets, augmented
# source: https://huggingface.co/datasets/swype/instruct
# licence: MIT, disputed
# records: 888969
{
  instruction: (.prompt // error("no \"prompt\"")),
  input: "",
  output: (.completion // error("no \"completion\""))
}
