# title: Chinese medical dialogues
# read: csv header=yes encoding=gb18030
# lang: CN
# task: TS
# gen: COL
# type: questions of patients and answers of doctors, six departments
# source: https://github.com/Toyhom/Chinese-medical-dialogue-data
# licence: MIT
# records: 792099
#
# Where nothing was asked (无) the title is the question.
{
  instruction: (if .ask == "无" then .title else .ask end),
  input: "",
  output: .answer,
  title,
  tags: [.department]
}
