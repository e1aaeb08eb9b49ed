# title: InfoTabS
# read: tsv quoting=python header=yes
# join: json files=*.json on=table_id as=table through=given
# lang: EN
# task: TS
# gen: HG
# type: statements about infoboxes of Wikipedia: entailment, neutral or contradiction
# source: https://github.com/infotabs/infotabs
# licence: Apache-2.0
# records: 23738
#
# A row names its table; --join data/tables/json. A table has its headers in the first column.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def verdict: {E: "entailment", N: "neutral", C: "contradiction"}[.] // error("a label that is not E, N or C");
def given:
  .[0]
  | (to_entries | map([.key, (.value | join(", "))])) as $rows
  | "Table:\n\([($rows[0] | row), "| --- | --- |", ($rows[1:][] | row)] | join("\n"))\nTable title:\n\(.title | join(", "))";
{
  instruction: "Please read the following table in Markdown format and then say whether the statement is entailed by the table, contradicted by it or neither: entailment, contradiction or neutral. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
  input: "\(.table)\nStatement:\n\(.hypothesis)",
  output: (.label | verdict),
  table_type: "horizontal",
  task_type: "TFV",
  dataset: "InfoTabS"
}
