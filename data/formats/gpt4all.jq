# title: GPT4All
# read: json
# lang: EN
# task: MT
# gen: COL
# type: code, stories and dialogues
# source: https://huggingface.co/datasets/nomic-ai/gpt4all_prompt_generations
# licence: Apache-2.0
# records: 806199
#
# Replies stay as published, also where they hold "</s>".
{
  instruction: (.prompt // error("no \"prompt\"")),
  input: "",
  output: (.response // error("no \"response\"")),
  source
}
