# title: WikiSQL
# read: jsonl
# join: jsonl key=id on=table_id as=table through=shown_too
# lang: EN
# task: TS
# gen: HG
# type: questions about tables of Wikipedia, published as queries
# source: https://github.com/salesforce/WikiSQL
# licence: BSD 3-Clause
# records: 80654
# answers: result, sql
#
# The output is what the query gives, run on the table as the authors' evaluation runs it, or the query itself. Questions are
# train.jsonl; --join train.tables.jsonl. A question whose query gives nothing is dropped.
def shown: if type == "number" then . + 0 | tostring elif . == null then "" else tostring end;
def cell: shown | split("|") | join("\\|") | split("\n") | join(" ");
def row: "| " + (map(cell) | join(" | ")) + " |";
def plain: "| " + (map(if type == "string" then . else shown end) | join(" | ")) + " |";
def markdown:
  [.header, (.header | map("---")), .rows[]]
  | (if tojson | contains("|") or contains("\\n") then map(row) else map(plain) end)
  | join("\n");
# The first number of a text, -?[0-9]*[.]?[0-9]+, from left to right.
def scan_number:
  reduce split("")[] as $c ({part: "before", text: ""};
    ($c >= "0" and $c <= "9") as $digit
    | if .part == "before" then
        if $digit then {part: (if .text == "." or .text == "-." then "fraction" else "whole" end), text: (.text + $c)}
        else {part, text: (if $c == "-" then "-" elif $c != "." then "" elif .text == "-" then "-." else "." end)} end
      elif .part == "after" then .
      elif $digit then {part: (if .part == "point" then "fraction" else .part end), text: (.text + $c)}
      elif .part == "whole" and $c == "." then {part: "point", text: (.text + ".")}
      else {part: "after", text} end)
  | if .part == "before" then null
    else .text | rtrimstr(".")
      | if startswith(".") then "0" + . elif startswith("-.") then "-0" + .[1:] else . end
      | fromjson end;
def others: [split("")[] | select(. < "0" or . > "9")] | join("");
# A number, of a text the first in it, its commas left out. Most texts are one.
def number:
  if type == "number" then . else
    tostring | split(",") | join("") | others as $others
    | if ($others == "" and . != "") or ($others == "." and (startswith(".") | not)) then rtrimstr(".") | fromjson
      else scan_number end
  end;
def text: shown | ascii_downcase;
# What questions ask of their table: its text, and each row behind its cells as conditions compare them.
def shown_too:
  if (.rows | type) == "array" then
    .types as $types
    | {
        header, types, markdown: markdown,
        lines: [.rows[] | . as $row | [[range(0; $row | length) as $i | $row[$i] | if $types[$i] == "real" then number else text end], $row]]
      }
  else . end;
def operator: ["=", ">", "<"][.] // error("an operator that is not 0, 1 or 2");
def result:
  .sql.agg as $agg
  | .sql.sel as $column
  | .table.types as $types
  | reduce .sql.conds[] as $c (.table.lines;
      $c[0] as $i | ($c[2] | if $types[$i] == "real" then number else text end) as $value
      | if $c[1] == 0 then map(select(.[0][$i] == $value))
        elif $value == null then []
        elif $c[1] == 1 then map(select(.[0][$i] > $value))
        else map(select(.[0][$i] | . != null and . < $value)) end)
  | map(.[1][$column])
  | if $agg == 0 then map(shown)
    elif $agg == 3 then [length | tostring]
    elif length == 0 then []
    else map(number) as $numbers
      | (if $numbers | map(. != null) | all then $numbers else . end)
      | (if $agg == 1 then [max] elif $agg == 2 then [min]
         elif map(type != "number") | any then []
         elif $agg == 4 then [add] elif $agg == 5 then [add / length]
         else error("an aggregation that is not 0 to 5") end)
      | map(shown) end;
def quoted: "\"" + (split("\"") | join("\"\"")) + "\"";
def sql:
  .table.header as $header
  | ($header[.sql.sel] | quoted) as $column
  | "SELECT "
    + (if .sql.agg == 0 then $column else ["MAX", "MIN", "COUNT", "SUM", "AVG"][.sql.agg - 1] + "(" + $column + ")" end)
    + " FROM " + (.table_id | quoted)
    + ([.sql.conds[]
        | ($header[.[0]] | quoted) + " " + (.[1] | operator) + " "
          + (.[2] | if type == "number" then shown else "'" + (split("'") | join("''")) + "'" end)]
       | if length == 0 then "" else " WHERE " + join(" AND ") end);
if (.sql | type) == "object" and (.table.lines | type) == "array" then . else error("no \"sql\", or a table without \"rows\"") end
| (if $answers == "sql" then sql else result | if length == 0 then empty else join(", ") end end) as $output
| {
    instruction: "Please read the following table in Markdown format and then \(if $answers == "sql" then "write the SQL query that answers the question" else "answer the question according to the table" end). Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: (
      "Table:\n\(.table.markdown)\n"
      + (if $answers == "sql" then "Table name:\n\(.table_id)\n" else "" end)
      + "Question:\n\(.question)"
    ),
    output: $output,
    table_type: "vertical",
    task_type: "TQA",
    dataset: "WikiSQL"
  }
