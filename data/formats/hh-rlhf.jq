# title: HH-RLHF
# read: json
# lang: EN
# task: TS
# gen: MIX
# type: dialogues with the reply that people preferred and the other, for being helpful and harmless
# source: https://github.com/anthropics/hh-rlhf
# licence: MIT
# records: 284517
# turns: a dialogue is one text, in which a blank line and Human: or Assistant: begin a message
# side: chosen, rejected
#
# Only "\n\nHuman:" and "\n\nAssistant:" begin a message: the same words inside one are text. red-team-attempts is another
# shape and has a recipe of its own, hh-rlhf-red-team.
def answers: .[1:][] | {role: "assistant", content: ltrimstr(" ")};
if has("transcript") then error("red-team-attempts: take the recipe hh-rlhf-red-team") else . end
| (.[$side] | split("\n\nHuman:")) as $part
| if ($part[0] | startswith("\n\nAssistant:") or . == "") then . else error("the dialogue begins with neither Human: nor Assistant:") end
| {
    messages: [
      ($part[0] | split("\n\nAssistant:") | answers),
      ($part[1:][] | split("\n\nAssistant:") as $said | {role: "user", content: ($said[0] // "" | ltrimstr(" "))}, ($said | answers))
    ]
  }
