# title: WebGPT comparisons
# read: json
# lang: EN
# task: TS
# gen: MIX
# type: long answers from the web, two to compare
# source: https://huggingface.co/datasets/openai/webgpt_comparisons
# licence: not stated
# records: 18994
# side: best, worse
#
# The answer with the higher score, or the lower; pairs of equal score are dropped. Marks of quotes, [1], stay; the quotes do not.
if (.score_0 | type) != "number" or (.score_1 | type) != "number" then
  error("needs the numbers \"score_0\" and \"score_1\"")
elif .score_0 == .score_1 then empty
else . end
| {
    id: .question.id,
    instruction: (.question.full_text // error("no \"full_text\" of the question")),
    input: "",
    output: (if (.score_0 > .score_1) == ($side == "best") then .answer_0 else .answer_1 end),
    source: .question.dataset
  }
