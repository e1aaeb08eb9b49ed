# title: HiTab
# read: jsonl
# join: json files=*.json on=table_id as=table through=shown
# lang: EN
# task: TS
# gen: HG
# type: questions about tables of statistics with hierarchies of headers
# source: https://github.com/microsoft/HiTab
# licence: C-UDA 1.0
# records: 10672
#
# A sample names its table; --join data/tables/raw. The table is HTML if any cells of it are merged, else Markdown.
def escaped: split("&") | join("&amp;") | split("<") | join("&lt;") | split(">") | join("&gt;");
def html:
  . as $table
  | [
      range(0; .texts | length) as $r
      | [
          range(0; $table.texts[$r] | length) as $c
          | [$table.merged_regions[] | select(.first_row <= $r and $r <= .last_row and .first_column <= $c and $c <= .last_column)][0] as $of
          | if $of == null then "<td>"
            elif $of.first_row == $r and $of.first_column == $c then
              "<td"
              + (if $of.last_row == $r then "" else " rowspan=\"\($of.last_row - $r + 1)\"" end)
              + (if $of.last_column == $c then "" else " colspan=\"\($of.last_column - $c + 1)\"" end)
              + ">"
            else empty end
          | . + ($table.texts[$r][$c] | tostring | escaped) + "</td>"
        ]
      | "<tr>" + join("") + "</tr>"
    ]
  | "<table>\n" + join("\n") + "\n</table>";
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(tostring | cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
def shown:
  .[0]
  | if (.texts | type) == "array" then
      ((.merged_regions // []) | length != 0) as $merged
      | {$merged, title: (.title // ""), text: (if $merged then html else .texts | markdown end)}
    else null end;
if .table != null and (.answer | type) == "array" then . else error("no list \"answer\", or a table without \"texts\"") end
| .table as $table
| {
    instruction: (
      "Please read the following table in \(if $table.merged then "HTML" else "Markdown" end) format and then answer the question according to the table."
      + (if $table.merged then "" else " Table cells in one row are seperated by '|', and different rows are seperated by '\\n'." end)
    ),
    input: (
      "Table:\n\($table.text)\n"
      + (if $table.title == "" then "" else "Table title:\n\($table.title)\n" end)
      + "Question:\n\(.question)"
    ),
    output: (.answer | map(tostring) | join(", ")),
    table_type: "hierarchical",
    task_type: "TQA",
    dataset: "HiTab",
    id,
    tags: [.aggregation[]? | select(. != "none")]
  }
