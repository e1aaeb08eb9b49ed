# title: ProsocialDialog
# read: json
# lang: EN
# task: TS
# gen: MIX
# type: replies to unsafe messages
# source: https://huggingface.co/datasets/allenai/prosocial-dialog
# licence: CC BY 4.0
# records: 165681
# turns: each reply by itself; see prosocial-dialog-context
#
# A row is a turn; in files of the earlier shape a dialogue is a list of turns, with other names for the two texts.
(if type == "array" then .[] else . end)
| {
    instruction: (.context // .text // error("neither \"context\" nor \"text\"")),
    input: "",
    output: (.response // .labels[0] // error("neither \"response\" nor \"labels\"")),
    source,
    tags: [.safety_label]
  }
