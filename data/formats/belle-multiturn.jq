# title: BELLE, dialogues written as text
# read: json
# lang: CN
# task: TS
# gen: SI
# type: dialogue
# source: https://huggingface.co/datasets/BelleGroup/multiturn_chat_0.8M
# licence: ODC-By, for research only
# turns: "Human:" and "Assistant:" at the start of a line begin a message; the output is the last
#
# --as belle writes the text of several rounds again.
if (.instruction | startswith("Human:") and endswith("\nAssistant:")) | not then
  error("the instruction is no dialogue from \"Human:\" to \"Assistant:\"")
elif (.input // "") != "" then error("a dialogue with an \"input\"")
else . end
| {
    messages: (
      [
        .instruction | ltrimstr("Human:") | split("\nHuman:")[] | split("\nAssistant:")
        | {role: "user", content: .[0]}, (.[1:][] | {role: "assistant", content: .})
      ][:-1]
      + [{role: "assistant", content: .output}]
    )
  }
