# title: HC3
# read: json
# lang: EN/CN
# task: TS
# gen: MIX
# type: questions answered by people and by ChatGPT
# source: https://huggingface.co/datasets/Hello-SimpleAI/HC3
# licence: CC BY-SA 4.0
# records: 37175
# side: human, chatgpt
# answers: first, all
#
# An answer without a character is none; a question without an answer of that side is dropped.
if (.human_answers | type) != "array" or (.chatgpt_answers | type) != "array" then
  error("needs the lists \"human_answers\" and \"chatgpt_answers\"")
else . end
| [.["\($side)_answers"][] | select(. != "")] as $answer
| {instruction: .question, input: "", output: (if $answers == "all" then $answer[] else $answer[:1][] end)}
  + (if .source then {source} else {} end)
