# title: ProsocialDialog, with what was said before
# read: json group=dialogue_id
# lang: EN
# task: TS
# gen: MIX
# type: replies to unsafe messages, in dialogues
# source: https://huggingface.co/datasets/allenai/prosocial-dialog
# licence: CC BY 4.0
# records: 165681
# turns: the rows of a dialogue, which follow one another, become its messages
#
# In files of the earlier shape a dialogue is a list of turns already.
if type != "array" then error("neither rows with \"dialogue_id\" nor a list of turns")
elif (.[0] | has("response_id")) and map(.response_id) != [range(length)] then
  error("a dialogue whose turns are \(map(.response_id) | tojson)")
else . end
| {
    messages: map(
      {role: "user", content: (.context // .text)},
      {role: "assistant", content: (.response // .labels[0])}
    ),
    source: .[0].source
  }
