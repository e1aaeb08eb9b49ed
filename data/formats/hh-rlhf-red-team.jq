# title: HH-RLHF, attempts to make a model say harmful things
# read: json
# lang: EN
# task: TS
# gen: MIX
# type: dialogues of people who try to provoke a model, with ratings
# source: https://github.com/anthropics/hh-rlhf
# licence: MIT
# records: 38961
# turns: a dialogue is one text, in which a blank line and Human: or Assistant: begin a message
#
# Not meant to be learned from as it is: the replies are those of the model that was attacked.
def answers: .[1:][] | {role: "assistant", content: ltrimstr(" ")};
(.transcript | split("\n\nHuman:")) as $part
| if ($part[0] | startswith("\n\nAssistant:") or . == "") then . else error("the dialogue begins with neither Human: nor Assistant:") end
| [
    ($part[0] | split("\n\nAssistant:") | answers),
    ($part[1:][] | split("\n\nAssistant:") as $said | {role: "user", content: ($said[0] // "" | ltrimstr(" "))}, ($said | answers))
  ] as $messages
| {
    messages: (if $messages[-1].role == "user" then $messages[:-1] else $messages end),
    tags: [.tags | arrays[] | strings],
    rating, min_harmlessness_score_transcript, task_description
  }
