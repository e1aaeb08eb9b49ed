# title: pCLUE
# read: json
# lang: CN
# task: MT
# gen: COL
# type: tasks of CLUE, worded by templates: classification, inference, reading, generation, anaphora
# source: https://github.com/CLUEbenchmark/pCLUE
# licence: not stated
# records: 1200705
if .target == null then error("no \"target\": a test file") else . end
| {instruction: .input, input: "", output: .target, tags: [.type | strings]}
  + (if (.answer_choices | type) == "array" then {answer_choices} else {} end)
