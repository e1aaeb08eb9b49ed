# title: MOSS
# read: json
# lang: EN/CN
# task: MT
# gen: SI
# type: dialogues that are helpful, honest and harmless; with and without the use of tools
# source: https://github.com/OpenLMLab/MOSS
# licence: CC BY-NC 4.0
# records: 1583595
# turns: each turn is a question and an answer; what the model thought, its commands and their results are keys of the answer
#
# moss-003 has a "chat" of turns whose fields carry their own markup, moss-002 a "plain_text". The meta instruction, in
# moss-002 the prefix, is the system message.
def bare: # of [text, what precedes it, what follows it]
  .[1] as $from
  | .[2] as $to
  | .[0]
  | rtrimstr("\n")
  | if startswith($from) and endswith($to) then ltrimstr($from) | rtrimstr($to) else error("a field that is not \($from) ... \($to)") end;
def told: select(. != "None" and . != "");
def turn:
  {role: "user", content: ([.Human, "<|Human|>: ", "<eoh>"] | bare)},
  {role: "assistant", content: ([.MOSS, "<|MOSS|>: ", "<eom>"] | bare)}
    + ({inner_thoughts: (."Inner Thoughts" | strings | [., "<|Inner Thoughts|>: ", "<eot>"] | bare | told)} // {})
    + ({commands: (.Commands | strings | [., "<|Commands|>: ", "<eoc>"] | bare | told)} // {})
    + ({tool_responses: (."Tool Responses" | strings | [., "<|Results|>:", "<eor>"] | bare | ltrimstr(" ") | ltrimstr("\n") | rtrimstr("\n") | told)} // {});
def turns:
  .chat as $chat
  | range(1; .num_turns + 1)
  | $chat["turn_\(.)"]
  | if type == "object" then turn else error("fewer turns than num_turns says") end;
def plain_turns:
  (.plain_text | split("[Human]:")) as $part
  | if ($part | length) < 2 then error("no [Human]: in \"plain_text\"") else . end
  | $part[1:][]
  | split("<eoh> [MOSS]:") as $said
  | if ($said | length) == 2 then . else error("a turn that is not [Human]: ...<eoh> [MOSS]: ...<eoa>") end
  | {role: "user", content: ($said[0] | ltrimstr(" "))},
    {role: "assistant", content: ($said[1] | ltrimstr(" ") | rtrimstr(" ") | rtrimstr("<eoa>"))};
def system: strings | select(. != "") | {role: "system", content: .};
if has("chat") then
  {messages: [(.meta_instruction | system), turns], id: .conversation_id, tags: [.category | strings]}
elif has("plain_text") then
  {messages: [(.prefix | system), plain_turns], id}
else error("neither \"chat\" nor \"plain_text\"") end
