# title: TAT-QA
# read: json
# lang: EN
# task: TS
# gen: HG
# type: questions about tables and texts of financial reports, many with arithmetic
# source: https://github.com/NExTplusplus/TAT-QA
# licence: CC BY 4.0
# records: 16552
#
# An element is a table with its paragraphs and questions, and gives a record for each question. Answers are texts, numbers
# or lists; their scale (thousand, percent) follows. The derivation ("20 - 5") is the rationale.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
def answer:
  if type == "array" then map(tostring) | join(", ")
  elif type == "string" or type == "number" then tostring
  else error("an answer that is no text, number or list") end;
if has("table") and has("questions") then . else error("no \"table\" and \"questions\"") end
| "Table:\n\(.table.table | markdown)\nText:\n\(.paragraphs | map(.text) | join("\n"))\nQuestion:\n" as $given
| .questions[]
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table and the text. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: ($given + .question),
    output: ((.answer | answer) + (if (.scale // "") == "" then "" else " " + .scale end)),
    rationale: (.derivation // ""),
    table_type: "complex",
    task_type: "TQA",
    dataset: "TAT-QA",
    id: .uid,
    tags: [.answer_type | strings]
  }
