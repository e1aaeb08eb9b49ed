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
# Spreadsheets as the authors publish them, where the first column is the question, the last the answer and those between
# the choices, whatever they are called; or the form that Alpaca-CoT converted them to. An answer may be several letters; in
# spreadsheets it may be of full width, with blanks and commas between.
def letters:
  split(" ") | join("") | split("\u3000") | join("") | split(",") | join("") | split("，") | join("") | split("、") | join("")
  | split("Ａ") | join("A") | split("Ｂ") | join("B") | split("Ｃ") | join("C") | split("Ｄ") | join("D") | split("Ｅ") | join("E");
if has("题目") then {instruction: .["题目"], input: .["选项"], output: .["答案"], tags: [.["类别"] | strings]}
elif length >= 4 and ([.[] | strings] | length) == length then
  [.[]] as $cell
  | {
      instruction: $cell[0],
      input: ([range(1; ($cell | length) - 1) as $i | select($cell[$i] != "") | "\(["A", "B", "C", "D", "E", "F", "G", "H"][$i - 1]):\($cell[$i])"] | join("\n")),
      output: ($cell[-1] | letters)
    }
else error("neither \"题目\" nor columns of a question, choices and an answer") end
