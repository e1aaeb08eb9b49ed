# title: TabMCQ
# read: tsv header=yes
# join: tsv files=*.tsv on="RELEVANT TABLE" slash=- as=table through=markdown
# lang: EN
# task: TS
# gen: HG
# type: multiple choice of fourth grade science about tables of facts
# source: https://allenai.org/data/tablestore-questions
# licence: CC BY-SA 4.0
# records: 9092
#
# Questions are MCQs.tsv, each table (regents-01) is a file of its own (Tables/regents/01.tsv); --join Tables.
def cell: if contains("|") then split("|") | join("\\|") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
{"1": "CHOICE 1", "2": "CHOICE 2", "3": "CHOICE 3", "4": "CHOICE 4"}[.["CORRECT CHOICE"]] as $right
| if $right == null then error("\"CORRECT CHOICE\" is not 1 to 4") else . end
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: "Table:\n\(.table)\nQuestion:\n\(.QUESTION)\nOptions:\n(A) \(.["CHOICE 1"])\n(B) \(.["CHOICE 2"])\n(C) \(.["CHOICE 3"])\n(D) \(.["CHOICE 4"])",
    output: .[$right],
    table_type: "vertical",
    task_type: "TQA",
    dataset: "TabMCQ"
  }
