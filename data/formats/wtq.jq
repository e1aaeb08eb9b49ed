# title: WikiTableQuestions
# read: tsv header=yes
# join: tsv files=*.tsv on=context as=table through=markdown
# lang: EN
# task: TS
# gen: HG
# type: questions about tables of Wikipedia
# source: https://ppasupat.github.io/WikiTableQuestions
# licence: CC BY-SA 4.0
# records: 22033
#
# Questions are a TSV file (data/training.tsv), each table is a file of its own; --join csv.
# In texts \n is a line end, \p a pipe and \\ a backslash; an answer of several values has pipes between them.
def plain: split("\\\\") | map(split("\\n") | join("\n") | split("\\p") | join("|")) | join("\\");
def text: if contains("\\") then plain else . end;
def cell: if contains("\\") then plain | split("\n") | join(" ") | split("|") | join("\\|") else . end;
def row: "| " + (map(cell) | join(" | ")) + " |";
def markdown: [(.[0] | row), "| " + (.[0] | map("---") | join(" | ")) + " |", (.[1:][] | row)] | join("\n");
{
  instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
  input: "Table:\n\(.table)\nQuestion:\n\(.utterance | text)",
  output: (.targetValue | if contains("|") then split("|") | map(text) | join(", ") else text end),
  table_type: "vertical",
  task_type: "TQA",
  dataset: "WTQ",
  id
}
