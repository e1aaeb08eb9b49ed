# title: chat messages in OpenAI's shape
# read: json
# type: dialogues of roles and contents
# source: https://platform.openai.com/docs/guides/fine-tuning
# turns: messages is kept; instruction and output are its last exchange
#
# A content that is a list of parts becomes the text of the parts; one that is null (a call of a tool) becomes "".
def text:
  if type == "array" then map(.text // error("a part of a message is no text")) | join("")
  elif . == null then ""
  else . end;
if (.messages | type) != "array" then error("no list \"messages\"") else . end
| (.messages | map(. + {content: (.content | text)})) as $messages
| $messages[-1] as $last
| if $last.role != "assistant" then error("the last message is not the assistant's") else . end
| ([$messages[] | select(.role == "user")] | last) as $asked
| if $asked == null then error("no message of the user") else . end
| {instruction: $asked.content, input: "", output: $last.content}
  + (if $messages[0].role == "system" then {system: $messages[0].content} else {} end)
  + .
  + {messages: $messages}
