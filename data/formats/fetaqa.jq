# title: FeTaQA
# read: json
# lang: EN
# task: TS
# gen: HG
# type: questions about tables, answered in sentences
# source: https://github.com/Yale-LILY/FeTaQA
# licence: CC BY-SA 4.0
# records: 10330
#
# In the form of the Tabular-LLM collection: the table in Markdown, table_type, task_type and dataset. Its tables repeat
# a merged cell in each of its places, and so does the Markdown. Files are JSON lines, or objects with "data".
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def title: [.table_page_title, .table_section_title | strings | select(. != "")] | join(", ");
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
if has("data") then .data[] else . end
| if (.table_array | type) == "array" then . else error("no list \"table_array\"") end
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: "Table:\n\(.table_array | markdown)\nTable title:\n\(title)\nQuestion:\n\(.question)",
    output: .answer,
    table_type: "vertical",
    task_type: "TQA",
    dataset: "FeTaQA",
    id: .feta_id
  }
