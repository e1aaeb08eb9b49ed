# title: Auto-CoT: demonstrations and the tasks they are of
# read: json
# lang: EN
# task: MT
# gen: MIX
# type: arithmetic, common sense and symbolic reasoning, with and without rationales
# source: https://github.com/amazon-science/auto-cot
# licence: Apache-2.0
# records: 5816
#
# The repository's demos, and the datasets of zero_shot_cot: AddSub, MultiArith, SingleEq, SVAMP, AQuA, CommonsenseQA,
# StrategyQA, Date Understanding, object tracking, coin flips, last letters. What a question is chosen from is the input,
# a line each; "Let's think step by step.", which made a model give a rationale, is no part of it. GSM8K has a recipe of
# its own.
def demo:
  {
    instruction: (.question | ltrimstr("Q: ") | rtrimstr("\nA:")),
    input: "",
    output: .pred_ans,
    rationale: (.rationale | ltrimstr("Let's think step by step. "))
  };
def solved: {instruction: .sQuestion, input: "", output: (.lSolutions | map(tostring) | join(", ")), id: .iIndex};
def svamp:
  {
    instruction: (.Body + " " + .Question),
    input: "",
    output: (.Answer | tostring),
    id: .ID,
    tags: [.Type | strings]
  };
def aqua: {instruction: .question, input: (.options | join("\n")), output: .correct, rationale};
def commonsense:
  {
    instruction: .question.stem,
    input: (.question.choices | map(.label + ")" + .text) | join("\n")),
    output: (.answerKey // error("no \"answerKey\": a test file")),
    id,
    tags: [.question.question_concept | strings]
  };
def bigbench:
  ([.target_scores | to_entries[] | select(.value == 1) | .key][0] // error("no answer of score 1")) as $answer
  | {instruction: .input, input: "", output: $answer}
  + (if .target == null then {} else {rationale: (.target | ltrimstr($answer + ". "))} end);
def example:
  if has("target_scores") then bigbench
  elif has("question") then {instruction: .question, input: "", output: .answer}
  else error("an example with neither \"target_scores\" nor \"question\"") end;
if has("demo") then .demo[] | demo
elif has("examples") then .examples[] | example
elif has("sQuestion") then solved
elif has("Body") then svamp
elif has("correct") then aqua
elif (.question | type) == "object" then commonsense
elif has("answer") then error("GSM8K: take the recipe gsm8k")
else error("none of the shapes of Auto-CoT's datasets") end
