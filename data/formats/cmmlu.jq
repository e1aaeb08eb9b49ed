# title: CMMLU
# read: csv header=yes
# lang: CN
# task: MT
# gen: HG
# type: multiple choice of 67 subjects
# source: https://github.com/haonan-li/CMMLU
# licence: CC BY-NC-SA 4.0
# records: 11917
#
# The first column has no name; it numbers the questions.
if has("Question") and has("D") then . else error("columns other than ,Question,A,B,C,D,Answer") end
| {
    instruction: .Question,
    input: "A. \(.A)\nB. \(.B)\nC. \(.C)\nD. \(.D)",
    output: .Answer,
    id: .[""]
  }
