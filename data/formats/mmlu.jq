# title: MMLU
# read: csv fields=question,A,B,C,D,answer
# lang: EN
# task: MT
# gen: HG
# type: multiple choice of 57 subjects
# source: https://github.com/hendrycks/test
# licence: MIT
# records: 15858
{
  instruction: .question,
  input: "A. \(.A)\nB. \(.B)\nC. \(.C)\nD. \(.D)",
  output: .answer
}
