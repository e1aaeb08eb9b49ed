# title: StackLLaMA
# read: json
# lang: EN
# task: TS
# gen: HG
# type: questions of Stack Exchange, each with a better and a worse answer
# source: https://huggingface.co/datasets/lvwerra/stack-exchange-paired
# licence: CC BY-SA 4.0
# side: best, worse
if has("response_j") then . else error("no \"response_j\"") end
| {
    instruction: .question,
    input: "",
    output: (if $side == "best" then .response_j else .response_k end),
    id: .qid,
    date
  }
  + ({source: (.metadata | arrays[0] | strings)} // {})
