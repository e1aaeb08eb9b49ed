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
| .data as $text
| {
    messages: [
      range(0; (.data | length - 1) / 2) as $i
      | {role: "user", content: $text[$i + $i]}, {role: "assistant", content: $text[$i + $i + 1]}
    ],
    id
  }
