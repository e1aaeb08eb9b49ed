# title: NL2SQL (TableQA)
# read: jsonl
# join: jsonl key=id on=table_id as=table
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
def number:
  if type == "number" then .
  else [tostring | gsub(","; "") | match("-?[0-9]*[.]?[0-9]+").string | sub("^(?<sign>-?)[.]"; "\(.sign)0.") | tonumber][0] end;
def holds($op; $type):
  (if $type == "real" then map(number) else map(shown | ascii_downcase) end)
  | if $op == 2 then .[0] == .[1] elif $op == 3 then .[0] != .[1]
    elif .[0] == null or .[1] == null then false
    elif $op == 0 then .[0] > .[1] elif $op == 1 then .[0] < .[1]
    else error("an operator that is not 0 to 3") end;
def aggregate($agg):
  if $agg == 0 then map(shown)
  elif $agg == 4 then [length | tostring]
  elif length == 0 or any(.[]; number == null) then []
  else map(number)
    | [if $agg == 1 then add / length elif $agg == 2 then max elif $agg == 3 then min elif $agg == 5 then add
       else error("an aggregation that is not 0 to 5") end | shown] end;
def result:
  . as $question
  | .table as $table
  | [$table.rows[] as $row
      | [$question.sql.conds[] | . as $c | [$row[$c[0]], $c[2]] | holds($c[1]; $table.types[$c[0]])]
      | select(if $question.sql.cond_conn_op == 2 then any else all end)
      | $row] as $rows
  | [range(0; .sql.sel | length) as $i | [$rows[] | .[$question.sql.sel[$i]]] | aggregate($question.sql.agg[$i])]
  | transpose
  | map(map(. // "") | join(", "))
  | join(if ($question.sql.sel | length) > 1 then "; " else ", " end)
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
if (.question | type) == "string" and (.table.rows | type) == "array" then . else error("no \"question\", or a table without \"rows\"") end
| {
    instruction: "请阅读下面用Markdown格式表示的表格，\(if $answers == "sql" then "写出回答问题的SQL查询" else "根据表格内容回答问题" end)。同一行的单元格用'|'分隔，不同的行用'\\n'分隔。",
    input: (
      "Table:\n\(.table | markdown)\n"
      + (if $answers == "sql" then "Table name:\n\(.table_id)\n" else "" end)
      + (if (.table.title // "") == "" then "" else "Table title:\n\(.table.title)\n" end)
      + "Question:\n\(.question)"
    ),
    output: (if has("sql") | not then "" elif $answers == "sql" then sql else result end),
    table_type: "vertical",
    task_type: "TQA",
    dataset: "NL2SQL"
  }
