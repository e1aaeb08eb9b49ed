# title: Baize
# read: json
# lang: EN
# task: MT
# gen: SI
# type: self-chat about questions of Quora, Stack Overflow, MedQuAD and Alpaca
# source: https://github.com/project-baize/baize-chatbot
# licence: GPL-3.0, research only
# records: 653699
# turns: a dialogue is one text; [|Human|] and [|AI|] begin its messages, and an open [|Human|] at its end is no message
#
# What is left of a message is as published but for the blank in front of it and the line end behind it.
def said: ltrimstr(" ") | rtrimstr("\n");
(.input | split("[|Human|]")) as $part
| if ($part | length) < 2 then error("no [|Human|] in \"input\"") else . end
| [
    $part[1:][]
    | split("[|AI|]") as $said
    | {role: "user", content: ($said[0] // "" | said)}, ($said[1:][] | {role: "assistant", content: said})
  ] as $messages
| {
    messages: (if $messages[-1].role == "user" then $messages[:-1] else $messages end),
    tags: [.topic | strings]
  }
