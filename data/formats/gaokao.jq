# title: GAOKAO-Bench
# read: json
# lang: CN
# task: MT
# gen: COL
# type: questions of China's college entrance examination, with answers and analyses
# source: https://github.com/OpenLMLab/GAOKAO-Bench
# licence: Apache-2.0
# records: 2785
#
# A file is one object, its questions under "example". Answers of objective questions are letters, one string for each
# question of the text (several letters where several are right); they become "A" or "C B D". The analysis is the rationale.
.keywords as $source
| if (.example | type) != "array" then error("no list \"example\"") else . end
| .example[]
| {
    instruction: .question,
    input: "",
    output: (if (.answer | type) == "array" then (.answer | join(" ")) else .answer end),
    rationale: .analysis,
    id: .index,
    source: $source,
    tags: [.year, .category | strings]
  }
  + (if .score == null then {} else {score} end)
