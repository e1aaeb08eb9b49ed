# title: ToTTo
# read: jsonl
# lang: EN
# task: TS
# gen: HG
# type: sentences that say what highlighted cells of tables of Wikipedia hold
# source: https://github.com/google-research-datasets/ToTTo
# licence: CC BY-SA 3.0
# records: 128461
# answers: first, all
#
# The table is HTML if any cells of it are merged, else Markdown. Records of tests have no sentences, and empty outputs.
def escaped: split("&") | join("&amp;") | split("<") | join("&lt;") | split(">") | join("&gt;");
def html:
  map(
    map(
      (if .is_header then "th" else "td" end) as $tag
      | "<\($tag)"
        + (if .row_span > 1 then " rowspan=\"\(.row_span)\"" else "" end)
        + (if .column_span > 1 then " colspan=\"\(.column_span)\"" else "" end)
        + ">\(.value | escaped)</\($tag)>"
    )
    | "<tr>" + join("") + "</tr>"
  )
  | "<table>\n" + join("\n") + "\n</table>";
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(.value | cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
def title: [.table_page_title, .table_section_title, .table_section_text | strings | select(. != "")] | join("\n");
if (.table | type) == "array" and (.highlighted_cells | type) == "array" then . else error("no lists \"table\" and \"highlighted_cells\"") end
| . as $example
| ([.table[][] | select(.row_span > 1 or .column_span > 1)] | length != 0) as $merged
| [.highlighted_cells[] | . as $at | $example.table[$at[0]][$at[1]].value | cell] as $cells
| [.sentence_annotations[]? | .final_sentence] as $sentence
| {
    instruction: (
      "Please read the following table in \(if $merged then "HTML" else "Markdown" end) format and then say in a sentence what the highlighted cells hold."
      + (if $merged then "" else " Table cells in one row are seperated by '|', and different rows are seperated by '\\n'." end)
    ),
    input: "Table:\n\(.table | if $merged then html else markdown end)\nTable title:\n\(title)\nHighlighted cells:\n\($cells | join(" | "))",
    output: (if ($sentence | length) == 0 then "" elif $answers == "all" then $sentence[] else $sentence[0] end),
    table_type: (if $merged then "hierarchical" else "vertical" end),
    task_type: "table-to-text",
    dataset: "ToTTo",
    id: .example_id
  }
