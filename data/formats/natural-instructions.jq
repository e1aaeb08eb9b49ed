# title: Natural Instructions
# read: json
# lang: ML
# task: MT
# gen: COL
# type: diverse NLP tasks
# source: https://github.com/allenai/natural-instructions
# licence: Apache-2.0
# records: 5040134
# answers: first, all
#
# A file is a task; each of its instances becomes a record, and one without an answer none. The definition was a string in older
# revisions, the instances had no id; a list of strings is joined by line ends.
if (.Instances | type) != "array" then error("no list \"Instances\"") else . end
| (.Definition | if type == "array" then join("\n") else . // error("no \"Definition\"") end) as $definition
| .Categories as $tags
| .Instances[]
| {
    instruction: $definition,
    input,
    output: (.output | if type == "string" then . elif $answers == "all" then .[] else .[:1][] end)
  }
  + (if .id then {id} else {} end)
  + {tags: $tags}
