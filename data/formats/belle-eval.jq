# title: BELLE's evaluation set
# read: json
# lang: CN
# task: MT
# gen: MIX
# type: questions of eleven classes with reference answers; some have none
# source: https://github.com/LianjiaTech/BELLE/tree/main/eval
# licence: GPL-3.0
# records: 1000
#
# Its class is the record's tag, by which eval_prompt.json says how an answer is judged. Alpaca-CoT's copy is an array.
if has("std_answer") then . else error("no \"std_answer\"") end
| {instruction: .question, input: "", output: .std_answer, tags: [.class]}
