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
[.["CHOICE 1"], .["CHOICE 2"], .["CHOICE 3"], .["CHOICE 4"]] as $choice
| {"1": 0, "2": 1, "3": 2, "4": 3}[.["CORRECT CHOICE"]] as $right
| if $right == null then error("\"CORRECT CHOICE\" is not 1 to 4") else . end
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: "Table:\n\(.table)\nQuestion:\n\(.QUESTION)\nOptions:\n(A) \($choice[0])\n(B) \($choice[1])\n(C) \($choice[2])\n(D) \($choice[3])",
    output: $choice[$right],
    table_type: "vertical",
    task_type: "TQA",
    dataset: "TabMCQ"
  }
