# title: Alpaca GPT-4, answers compared
# read: json
# lang: EN
# task: MT
# gen: SI
# type: pairs of answers ranked by GPT-4
# source: https://github.com/Instruction-Tuning-with-GPT-4/GPT-4-LLM
# licence: CC BY-NC 4.0
# side: chosen, rejected
#
# Of two completions a was ranked higher.
{
  instruction: (.user_input // error("no \"user_input\"")),
  input: "",
  output: (
    if $side == "chosen" then .completion_a // error("no \"completion_a\"")
    else .completion_b // error("no \"completion_b\"") end
  )
}
