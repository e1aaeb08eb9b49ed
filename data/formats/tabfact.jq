# title: TabFact
# read: object
# join: csv delimiter=# quoting=none files=*.csv on=key as=table through=markdown
# lang: EN
# task: TS
# gen: HG
# type: statements about tables of Wikipedia, entailed or refuted
# source: https://github.com/wenhuchen/Table-Fact-Checking
# licence: MIT, tables CC BY-SA 4.0
# records: 118275
#
# A file (train_examples.json, r1_training_all.json) is one object, the statements, labels and caption of a table by its
# file's name; --join data/all_csv. Files with linked entities (full_cleaned.json) are refused: their statements have markup.
def cell: if contains("|") or contains("\n") then split("|") | join("\\|") | split("\n") | join(" ") else . end;
def markdown:
  (if tojson | contains("|") or contains("\\n") then map(map(cell)) else . end)
  | [.[0], (.[0] | map("---")), .[1:][]]
  | "| " + (map(join(" | ")) | join(" |\n| ")) + " |";
def verdict: if . == 1 then "entailed" elif . == 0 then "refuted" else error("a label that is not 0 or 1") end;
.key as $id
| .value as $value
| ($value[-1] | strings) as $caption
| if ($value | length) == 3 and ($value[0] | type) == "array" and ($value[1] | type) == "array" and ($value[0] | length) == ($value[1] | length)
  then . else error("needs a list of statements, one of as many labels and a caption") end
| "Table:\n\(.table)\nTable title:\n\($caption)\nStatement:\n" as $given
| range(0; $value[0] | length) as $i
| {
    instruction: "Please read the following table in Markdown format and then say whether the table entails or refutes the statement. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: ($given + $value[0][$i]),
    output: ($value[1][$i] | verdict),
    table_type: "vertical",
    task_type: "TFV",
    dataset: "TabFact",
    id: "\($id)-\($i)"
  }
