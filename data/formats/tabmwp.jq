# title: TabMWP
# read: object
# lang: EN
# task: TS
# gen: HG
# type: word problems of school mathematics about tables, with worked solutions
# source: https://promptpg.github.io
# licence: CC BY-NC-SA 4.0
# records: 38431
#
# A file is one object, its problems by their ids. What an answer is chosen from follows the question, as does the unit that
# it is given without. The solution is the rationale.
def letter: ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"][.];
def options: . as $choice | [range(0; length) | "(\(letter)) \($choice[.])"] | join("\n");
def row: "| " + join(" | ") + " |";
def markdown:
  [split("\n")[] | split("|") | map(ltrimstr(" ") | rtrimstr(" "))] as $rows
  | [($rows[0] | row), "| " + ($rows[0] | map("---") | join(" | ")) + " |", ($rows[1:][] | row)]
  | join("\n");
.key as $id
| .value
| if has("table") and has("solution") then . else error("no \"table\" and \"solution\"") end
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: (
      "Table:\n\(.table | markdown)\n"
      + (if .table_title == null then "" else "Table title:\n\(.table_title)\n" end)
      + "Question:\n\(.question)"
      + (if .unit == null then "" else " (Unit: \(.unit))" end)
      + (if .choices == null then "" else "\nOptions:\n\(.choices | options)" end)
    ),
    output: .answer,
    rationale: .solution,
    table_type: "vertical",
    task_type: "TQA",
    dataset: "TabMWP",
    id: $id,
    tags: ["grade \(.grade)", .ans_type]
  }
