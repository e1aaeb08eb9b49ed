# title: MMCU
# read: json
# lang: CN
# task: MT
# gen: HG
# type: multiple choice in medicine, law, psychology and school subjects
# source: https://github.com/Felixgithub2017/MMCU
# licence: CC BY-NC-SA 4.0
# records: 11900
#
# In the form that Alpaca-CoT converted it to; the authors publish spreadsheets. An answer may be several letters.
if has("题目") then . else error("no \"题目\"") end
| {instruction: .["题目"], input: .["选项"], output: .["答案"], tags: [.["类别"] | strings]}
