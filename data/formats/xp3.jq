# title: xP3
# read: json
# lang: ML
# task: MT
# gen: COL
# type: prompts for 16 NLP tasks in 46 languages
# source: https://huggingface.co/datasets/bigscience/xP3
# licence: Apache-2.0
# records: 78883588
{
  instruction: (.inputs // error("no \"inputs\"")),
  input: "",
  output: (.targets // error("no \"targets\""))
}
