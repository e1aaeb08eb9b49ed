# title: PACIFIC
# read: json
# lang: EN
# task: TS
# gen: HG
# type: dialogues about tables and texts of financial reports, in which the reply may be a question
# source: https://github.com/dengyang17/PACIFIC
# licence: MIT
# records: 19008
# turns: an element is a dialogue; table and text are its system message
#
# Answers are texts, numbers or lists; their scale (thousand, percent) follows. Questions of tests have no answers: each is a
# record of its own with an empty output, in the form in which it can be understood alone.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
def answer:
  (.answer
   | if type == "array" then map(tostring) | join(", ")
     elif type == "string" or type == "number" then tostring
     else error("an answer that is no text, number or list") end)
  + (if (.scale // "") == "" then "" else " " + .scale end);
if has("table") and (.questions | type) == "array" and (.questions | length) > 0 then . else error("no \"table\" and \"questions\"") end
| "Please read the following table in Markdown format and then answer questions according to the table and the text, or ask what is meant. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'." as $task
| "Table:\n\(.table.table | markdown)\nText:\n\(.paragraphs | map(.text) | join("\n"))" as $given
| {table_type: "complex", task_type: "TQA", dataset: "PACIFIC"} as $kind
| if .questions[0] | has("answer") then
    {
      messages: ([{role: "system", content: "\($task)\n\($given)"}] + [.questions[] | {role: "user", content: .question}, {role: "assistant", content: answer}]),
      id: .table.uid
    } + $kind
  else
    .questions[] | {instruction: $task, input: "\($given)\nQuestion:\n\(.original_question)", output: "", id: .uid} + $kind
  end
