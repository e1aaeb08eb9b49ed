# title: Firefly
# read: json
# lang: CN
# task: MT
# gen: COL
# type: 23 NLP tasks
# source: https://github.com/yangjianxin1/Firefly
# licence: not stated
# records: 1649398
# turns: a conversation becomes messages
#
# firefly-train-1.1M has one exchange a record. Later files hold dialogues, a list of pairs (moss and others) or of messages; a
# message of a tool has no content, and is bad.
if has("target") then {instruction: .input, input: "", output: .target, tags: [.kind]}
else
  {
    id: .conversation_id,
    messages: (
      if has("conversation") then
        .conversation | map({role: "user", content: .human}, {role: "assistant", content: .assistant})
      else .conversations // error("none of \"target\", \"conversation\" and \"conversations\"") end
    ),
    source: .dataset,
    tags: [.category]
  }
end
