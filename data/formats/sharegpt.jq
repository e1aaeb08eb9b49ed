# title: ShareGPT
# read: json
# lang: ML
# task: MT
# gen: MIX
# type: dialogues of people with ChatGPT
# source: https://huggingface.co/datasets/RyokoAI/ShareGPT52K
# licence: CC0-1.0
# records: 1663241
# turns: conversations are the messages; a last one of the user has no answer and goes
#
# Replies are HTML, and stay so. An empty conversation gives no record; one may begin with an answer.
def role:
  if . == "human" or . == "user" then "user"
  elif . == "gpt" or . == "chatgpt" or . == "bing" or . == "bard" then "assistant"
  elif . == "system" then .
  else error("\"from\" is none of human, user, gpt, chatgpt, bing, bard, system") end;
if (.conversations | type) != "array" then error("no list \"conversations\"") else . end
| if (.conversations | length) == 0 then empty else . end
| [.conversations[] | {role: (.from | role), content: .value}] as $messages
| {messages: (if $messages[-1].role == "user" then $messages[:-1] else $messages end)}
  + (if .id == null then {} else {id} end)
