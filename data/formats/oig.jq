# title: Open Instruction Generalist
# read: json
# lang: EN
# task: MT
# gen: MIX
# type: instructions and dialogues of many kinds: arithmetic, screenplays, songs, jokes
# source: https://github.com/LAION-AI/Open-Instruction-Generalist
# licence: Apache-2.0
# records: 49237
# turns: a dialogue is one text whose messages begin with <human>: and <bot>: (or Rosey:) on lines of their own
#
# A leading "Background: ..." is the input where one question follows, else the system message. Files of chip2 hold pairs
# [prompt, reply].
def tag: if contains("\n<bot>:") then "\n<bot>:" else "\nRosey:" end;
def background: ltrimstr("\n") | ltrimstr("Background:") | ltrimstr(" ");
def dialogue:
  ("\n" + .text) as $text
  | ($text | tag) as $bot
  | ($text | split("\n<human>:")) as $part
  | if ($part | length) < 2 then error("no <human>: in \"text\"") else . end
  | if $part[0] == "" or ($part[0] | startswith("\nBackground:")) then . else error("neither <human>: nor Background: begins \"text\"") end
  | [
      $part[1:][]
      | split($bot) as $said
      | {role: "user", content: (($said[0] // "") | ltrimstr(" "))},
        ($said[1:][] | {role: "assistant", content: ltrimstr(" ")})
    ] as $all
  | (if $all[-1].role == "user" then $all[:-1] else $all end) as $messages
  | if ($messages | length) == 0 then error("no <bot>: or Rosey: in \"text\"") else . end
  | (if $part[0] == "" then "" else ($part[0] | background) end) as $background
  | if ($messages | length) == 2 then {instruction: $messages[0].content, input: $background, output: $messages[1].content}
    elif $background == "" then {messages: $messages}
    else {messages: ([{role: "system", content: $background}] + $messages)} end;
if type == "array" then
  if length == 2 then {instruction: .[0], input: "", output: .[1]} else error("an array that is no pair [prompt, reply]") end
else
  dialogue + ({source: (.metadata.source | strings)} // {})
end
