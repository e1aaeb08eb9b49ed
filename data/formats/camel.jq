# title: CAMEL
# read: json
# lang: ML
# task: MT
# gen: SI
# type: role play of a user and an assistant who solve a task; problems of mathematics and the sciences
# source: https://github.com/camel-ai/camel
# licence: CC BY-NC 4.0
# records: 760620
# turns: message_1, message_2 and so on are the messages; a last one of the user has no answer and goes
#
# One object a file, in archives: chats, problems (message_1 asks, message_2 answers), or arrays of *_instructions.json.
# A chat of no messages gives no record.
def role:
  if . == "USER" then "user"
  elif . == "ASSISTANT" then "assistant"
  else error("role_type is neither USER nor ASSISTANT") end;
def message: if type == "object" then {role: (.role_type | role), content} else error("fewer messages than num_messages says") end;
def chat:
  . as $chat
  | [range(1; .num_messages + 1) | $chat["message_\(.)"] | message] as $messages
  | if ($messages | length) == 0 then empty else . end
  | {messages: (if $messages[-1].role == "user" then $messages[:-1] else $messages end), id};
if has("num_messages") then chat
elif has("message_2") then {instruction: .message_1, input: "", output: .message_2, tags: [(."topic;" // .topic), .sub_topic | strings]}
elif has("instruction") then {instruction, input, output, id}
else error("neither a chat, nor a problem, nor an instruction") end
