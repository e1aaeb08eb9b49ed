# title: C-Eval
# read: csv header=yes
# lang: CN
# task: MT
# gen: HG
# type: multiple choice of 52 subjects and four levels
# source: https://cevalbenchmark.com
# licence: CC BY-NC-SA 4.0
# records: 13948
#
# The explanation, in dev only, is the rationale. The test files have no answers: their outputs are empty.
if has("question") and has("D") then . else error("columns other than id,question,A,B,C,D,answer") end
| {
    instruction: .question,
    input: "A. \(.A)\nB. \(.B)\nC. \(.C)\nD. \(.D)",
    output: (.answer // ""),
    id
  }
  + (if .explanation == null then {} else {rationale: .explanation} end)
