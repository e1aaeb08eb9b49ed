# title: UltraChat
# read: json
# lang: EN
# task: MT
# gen: SI
# type: dialogues about the world, writing and given texts
# source: https://github.com/thunlp/UltraChat
# licence: MIT
# records: 28247446
# turns: data are the messages, the user's first; a last one of the user has no answer and goes
if (.data | type) != "array" then error("no list \"data\"") else . end
| (
    reduce .data[] as $text ([];
      . + [{role: (if .[-1].role == "user" then "assistant" else "user" end), content: $text}])
  ) as $messages
| {messages: (if $messages[-1].role == "user" then $messages[:-1] else $messages end), id}
