# title: NL2SQL (TableQA)
# read: jsonl
# join: jsonl key=id on=table_id as=table through=shown_too
# lang: CN
# task: TS
# gen: HG
# type: questions about tables of companies and markets, published as queries
# source: https://github.com/ZhuiyiTechnology/TableQA
# licence: research only, see the source
# records: 54059
# answers: result, sql
#
# The output is what the query gives, run on the table, or the query itself. Questions are train.json; --join
# train.tables.json. A query that gives nothing is a question that the table cannot answer, and the output says so. Questions
# of tests, which have no queries, have empty outputs.
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
        title, header, types, markdown: markdown,
        lines: [.rows[] | . as $row | [[range(0; $row | length) as $i | $row[$i] | if $types[$i] == "real" then number else text end], $row]]
      }
  else . end;
# What rows are asked for: column, operator and value of each condition.
def conditions:
  .table.types as $types
  | [.sql.conds[] | $types[.[0]] as $type | [.[0], .[1], (.[2] | if $type == "real" then number else text end)]];
def with_all:
  .table.types as $types
  | reduce .sql.conds[] as $c (.table.lines;
      $c[0] as $i | ($c[2] | if $types[$i] == "real" then number else text end) as $value
      | if $c[1] == 2 then map(select(.[0][$i] == $value))
        elif $c[1] == 3 then map(select(.[0][$i] != $value))
        elif $value == null then []
        elif $c[1] == 0 then map(select(.[0][$i] > $value))
        elif $c[1] == 1 then map(select(.[0][$i] | . != null and . < $value))
        else error("an operator that is not 0 to 3") end);
def with_any:
  conditions as $conditions
  | .table.lines
  | map(select(
      .[0] as $cells
      | [$conditions[] as $c
          | $cells[$c[0]]
          | if $c[1] == 2 then . == $c[2] elif $c[1] == 3 then . != $c[2]
            elif . == null or $c[2] == null then false
            elif $c[1] == 0 then . > $c[2] elif $c[1] == 1 then . < $c[2]
            else error("an operator that is not 0 to 3") end]
      | any));
def result:
  .sql as $sql
  | (if $sql.cond_conn_op == 2 then with_any else with_all end) as $lines
  | [range(0; $sql.sel | length) as $i
      | $sql.agg[$i] as $agg
      | $sql.sel[$i] as $column
      | [$lines[] | .[1][$column]]
      | if $agg == 0 then map(shown)
        elif $agg == 4 then [length | tostring]
        else map(number)
          | if length == 0 or (map(. == null) | any) then []
            else [if $agg == 1 then add / length elif $agg == 2 then max elif $agg == 3 then min elif $agg == 5 then add
                  else error("an aggregation that is not 0 to 5") end | shown] end end] as $columns
  | (if ($columns | length) == 1 then $columns[0]
     else [range(0; $columns | map(length) | max // 0) as $i | [$columns[] | .[$i] // ""] | join(", ")] end)
  | join(if ($columns | length) > 1 then "; " else ", " end)
  | if . == "" then "根据表格信息无法回答该问题。" else . end;
def quoted: "\"" + (split("\"") | join("\"\"")) + "\"";
def sql:
  . as $question
  | "SELECT "
    + ([range(0; .sql.sel | length) as $i
        | ($question.table.header[$question.sql.sel[$i]] | quoted)
        | if $question.sql.agg[$i] == 0 then . else ["AVG", "MAX", "MIN", "COUNT", "SUM"][$question.sql.agg[$i] - 1] + "(" + . + ")" end]
       | join(", "))
    + " FROM " + (.table_id | quoted)
    + ([.sql.conds[]
        | ($question.table.header[.[0]] | quoted) + " " + ([">", "<", "==", "!="][.[1]]) + " '" + (.[2] | shown | split("'") | join("''")) + "'"]
       | if length == 0 then "" else " WHERE " + join(if $question.sql.cond_conn_op == 2 then " OR " else " AND " end) end);
if (.question | type) == "string" and (.table.lines | type) == "array" then . else error("no \"question\", or a table without \"rows\"") end
| {
    instruction: "请阅读下面用Markdown格式表示的表格，\(if $answers == "sql" then "写出回答问题的SQL查询" else "根据表格内容回答问题" end)。同一行的单元格用'|'分隔，不同的行用'\\n'分隔。",
    input: (
      "Table:\n\(.table.markdown)\n"
      + (if $answers == "sql" then "Table name:\n\(.table_id)\n" else "" end)
      + (if (.table.title // "") == "" then "" else "Table title:\n\(.table.title)\n" end)
      + "Question:\n\(.question)"
    ),
    output: (if has("sql") | not then "" elif $answers == "sql" then sql else result end),
    table_type: "vertical",
    task_type: "TQA",
    dataset: "NL2SQL"
  }
