# title: Chinese medical dialogues
# read: paragraphs encoding=gb18030
# lang: CN
# task: TS
# gen: COL
# type: questions of patients and answers of doctors, six departments
# source: https://github.com/Toyhom/Chinese-medical-dialogue-data
# licence: MIT
# records: 792099
#
# A dialogue is a line of title and question, with a comma between, and one of the answer. Where nothing was asked (无) the
# title is the question.
split("\n") as $line
| ($line[0] | split(",")) as $part
| if ($line | length) == 2 and ($part | length) > 1 then . else error("not a line of title and question and one of the answer") end
| ($part[1:] | join(",")) as $ask
| {instruction: (if $ask == "无" then $part[0] else $ask end), input: "", output: $line[1], title: $part[0]}
