# title: GSM8K
# read: json
# lang: EN
# task: TS
# gen: HG
# type: grade school arithmetic with worked solutions
# source: https://github.com/openai/grade-school-math
# licence: MIT
# records: 8792
#
# The answer is worked lines, then "#### 72". The lines become the rationale, without the calculator's marks (<<48/2=24>>),
# which are no part of the prose; what follows the last #### becomes the output, as it is written ("1,080").
def unmarked:
  if contains(">>") then split(">>")[1:] | join(">>") else "<<" + . end;
(.answer | split("\n#### ")) as $part
| if ($part | length) < 2 then error("no line \"#### ANSWER\" in \"answer\"") else . end
| ($part[:-1] | join("\n#### ") | split("<<")) as $piece
| {
    instruction: .question,
    input: "",
    output: $part[-1],
    rationale: ([$piece[0]] + ($piece[1:] | map(unmarked)) | join(""))
  }
