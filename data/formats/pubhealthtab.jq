# title: PubHealthTab
# read: jsonl
# lang: EN
# task: TS
# gen: HG
# type: claims of public health and tables that support them, refute them or do not tell
# source: https://github.com/mubasharaak/PubHealthTab
# licence: CC BY-NC 4.0
# records: 1942
#
# The table is Markdown; where cells are merged, or headers of rows do not match the rows, it is the published HTML without
# its styles.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def merged: .html_code | contains("colspan=") or contains("rowspan=");
def grid:
  . as $table
  | (if (.header_vertical | length) == 0 then .rows
     else [range(0; .rows | length) as $i | [$table.header_vertical[$i]] + $table.rows[$i]] end) as $body
  | (.header_horizontal | length) as $width
  | if $width == 0 then $body
    elif $width + 1 == ($body[0] | length) then [[""] + .header_horizontal] + $body
    else [.header_horizontal] + $body end;
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
def title: [.website_title, .caption | strings | select(. != "")] | join(", ");
if (.table.rows | type) == "array" and (.table.html_code | type) == "string" then . else error("no \"table\"") end
| (.table | merged or ((.header_vertical | length) != 0 and (.header_vertical | length) != (.rows | length))) as $html
| {
    instruction: (
      "Please read the following table in \(if $html then "HTML" else "Markdown" end) format and then say whether the table supports the claim, refutes it or does not tell: SUPPORTS, REFUTES or NOT ENOUGH INFO."
      + (if $html then "" else " Table cells in one row are seperated by '|', and different rows are seperated by '\\n'." end)
    ),
    input: "Table:\n\(.table | if $html then .html_code | split(" style=\"border: 1px solid black;\"") | join("") else grid | markdown end)\nTable title:\n\(.table | title)\nClaim:\n\(.claim)",
    output: .label,
    table_type: (
      if $html then "hierarchical"
      elif (.table.header_horizontal | length) == 0 and (.table.header_vertical | length) != 0 then "horizontal"
      else "vertical" end
    ),
    task_type: "TFV",
    dataset: "PubHealthTab",
    id: ._id
  }
