# title: ProsocialDialog, how safe a message is
# read: json
# lang: EN
# task: TS
# gen: MIX
# type: classification of messages by safety
# source: https://huggingface.co/datasets/allenai/prosocial-dialog
# licence: CC BY 4.0
# records: 165681
#
# The label is written in words: __needs_caution__ is "needs caution".
(if type == "array" then .[] else . end)
| {
    instruction: "Is this message casual, possibly needs caution, probably needs caution, needs caution or needs intervention?",
    input: (.context // .text // error("neither \"context\" nor \"text\"")),
    output: (
      (.safety_label // error("no \"safety_label\""))
      | ltrimstr("__") | rtrimstr("__") | split("_") | join(" ")
    ),
    source
  }
