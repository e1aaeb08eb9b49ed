# title: FinQA
# read: json
# lang: EN
# task: TS
# gen: HG
# type: questions about tables and texts of financial reports that take arithmetic
# source: https://github.com/czyssrs/FinQA
# licence: MIT
# records: 8281
#
# The output is the annotators' answer or, where they gave none, what the program of steps computes; the program is the
# rationale. Questions of the private test have neither, and empty outputs.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(tostring | cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
if (.table | type) == "array" and (.qa | type) == "object" then . else error("no \"table\" and \"qa\"") end
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table and the text. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: "Table:\n\(.table | markdown)\nText:\n\([.pre_text[], .post_text[]] | join("\n"))\nQuestion:\n\(.qa.question)",
    output: (.qa | if (.answer // "") != "" then .answer elif .exe_ans != null then .exe_ans else "" end | tostring),
    rationale: (.qa.program // ""),
    table_type: "vertical",
    task_type: "TQA",
    dataset: "FinQA",
    id
  }
