# title: seed tasks, in Self-Instruct's shape
# read: json
# lang: EN/CN
# task: MT
# gen: HG
# type: instructions with instances, from which Alpaca, BELLE, Code Alpaca and GPTeacher were grown
# source: https://github.com/yizhongw/self-instruct/tree/main/data
# licence: Apache-2.0
# records: 175
#
# One record for each instance of a task.
if (.instances | type) != "array" then error("no list \"instances\"") else . end
| {id, instruction} as $task
| .instances[]
| {id: $task.id, instruction: $task.instruction, input: (.input // ""), output}
