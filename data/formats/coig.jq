# title: COIG
# read: json
# lang: CN
# task: MT
# gen: COL
# type: translated instructions, exams, human values, programming puzzles
# source: https://github.com/FlagOpen/FlagInstruct
# licence: Apache-2.0
# records: 298428
#
# Four of its five pieces; the dialogues have a recipe of their own, coig-chat. As in the authors' loader the output of an
# exam question is the analysis, or the answer where there is none. What is no string there (an empty list) is nothing.
def text: if type == "string" then . else "" end;
def exam:
  (.textbox_q_context | text) as $context
  | (.textbox_answer_analysis | text) as $analysis
  | {
      instruction: (.textbox_q_instruction | text),
      input: (if $context == "" then .textbox_question else $context + "\n" + .textbox_question end),
      output: (if $analysis == "" then .textbox_answer else $analysis end),
      tags: [.subject | strings]
    };
if has("textbox_question") then exam
elif has("trans_instruction") then {instruction: .trans_instruction, input: .trans_input, output: .trans_output, tags: [.task_name_in_eng | strings]}
elif has("round_0") then error("a dialogue: take the recipe coig-chat")
elif has("instruction") then {instruction, input, output}
else error("neither textbox_question, nor trans_instruction, nor instruction") end
