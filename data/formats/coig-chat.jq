# title: COIG, counterfactual correction in several rounds
# read: json
# lang: CN
# task: TS
# gen: SI
# type: dialogues about facts, true and corrected
# source: https://github.com/FlagOpen/FlagInstruct
# licence: Apache-2.0
# records: 13653
# turns: round_0, round_1 and so on, each a JSON text of a question Q and an answer A
#
# There are at most ten rounds, so that their names sort as they follow one another.
. as $all
| if has("round_0") then . else error("no \"round_0\"") end
| {
    messages: [
      keys[] | select(startswith("round_")) | $all[.].response | fromjson
      | if (.Q | type) == "string" and (.A | type) == "string" then . else error("Q or A of a round is no string") end
      | {role: "user", content: .Q}, {role: "assistant", content: .A}
    ]
  }
