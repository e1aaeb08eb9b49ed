# title: AIT-QA
# read: jsonl
# join: jsonl key=id on=table_id as=table through=markdown
# lang: EN
# task: TS
# gen: HG
# type: questions about tables with hierarchies of headers, of airlines' reports
# source: https://github.com/IBM/AITQA
# licence: CDLA-Sharing-1.0
# records: 515
#
# Questions and tables are two files; --join aitqa_tables.jsonl.
# A merged header is repeated in each of its places, a row of headers or a column for each level.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def depth: reduce .[] as $path (0; if ($path | length) > . then ($path | length) else . end);
def markdown:
  . as $table
  | (.row_header | depth) as $columns
  | (.column_header | depth) as $rows
  | [
      range(0; $rows) as $level
      | [(range(0; $columns) | ""), ($table.column_header[] | .[$level] // "")]
    ] as $head
  | [
      range(0; .data | length) as $i
      | [range(0; $columns) as $level | $table.row_header[$i][$level] // ""] + $table.data[$i]
    ] as $body
  | [($head[0] | row), "| " + ($head[0] | map("---") | join(" | ")) + " |", (($head[1:] + $body)[] | row)]
  | join("\n");
{
  instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
  input: "Table:\n\(.table)\nQuestion:\n\(.question)",
  output: (.answers | join(", ")),
  table_type: "hierarchical",
  task_type: "TQA",
  dataset: "AIT-QA",
  id,
  tags: [.type | strings]
}
