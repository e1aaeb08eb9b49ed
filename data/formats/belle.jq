# title: BELLE
# read: json
# lang: CN
# task: TS/MT
# gen: SI
# type: general, mathematical reasoning, dialogue
# source: https://huggingface.co/BelleGroup
# licence: ODC-By, for research only
# records: 1079517
# turns: conversations (train_3.5M_CN) become messages
#
# train_0.5M_CN once had all of the question in `input` and the answer in `target`. Dialogues that are text, "Human:" and
# "Assistant:" (multiturn_chat_0.8M), stay text here; belle-multiturn makes messages of them.
def role:
  if . == "human" then "user"
  elif . == "assistant" then .
  else error("a message is from \(tojson), neither human nor assistant") end;
if has("conversations") then {id, messages: (.conversations | map({role: (.from | role), content: .value}))}
elif has("target") then {instruction: .input, input: "", output: .target}
else . end
