# title: WikiTableQuestions
# read: json group=context
# lang: EN
# task: TS
# gen: HG
# type: questions about tables of Wikipedia
# source: https://ppasupat.github.io/WikiTableQuestions
# licence: CC BY-SA 4.0
# records: 22033
#
# Questions are a TSV file, each table is a file of its own. Sorted together by the name of the table, it in front of its
# questions, they are one input:
#
#     { for t in csv/*/*.tsv; do jq -Rsc --arg t "${t%.tsv}.csv" '{context: $t, table: .}' "$t"; done
#       jq -Rc './"\t" | {id: .[0], utterance: .[1], context: .[2], targetValue: .[3]}' data/training.tsv; } |
#         jq -cs 'sort_by(.context)[] | select(.id != "id")' | ift-format --from wtq
#
# In texts \n is a line end, \p a pipe and \\ a backslash; an answer of several values has pipes between them.
def plain: split("\\\\") | map(split("\\n") | join("\n") | split("\\p") | join("|")) | join("\\");
def text: if contains("\\") then plain else . end;
def cell: if contains("\\") then plain | split("\n") | join(" ") | split("|") | join("\\|") else . end;
def row: "| " + (split("\t") | map(cell) | join(" | ")) + " |";
def markdown:
  (rtrimstr("\n") | split("\n")) as $line
  | [($line[0] | row), "| " + ($line[0] | split("\t") | map("---") | join(" | ")) + " |", ($line[1:][] | row)]
  | join("\n");
if type == "array" and (.[0].table | type) == "string" then . else error("no table in front of the questions of a context") end
| (.[0].table | markdown) as $table
| .[1:][]
| {
    instruction: "Please read the following table in Markdown format and then answer the question according to the table. Table cells in one row are seperated by '|', and different rows are seperated by '\\n'.",
    input: "Table:\n\($table)\nQuestion:\n\(.utterance | text)",
    output: (.targetValue | split("|") | map(text) | join(", ")),
    table_type: "vertical",
    task_type: "TQA",
    dataset: "WTQ",
    id
  }
