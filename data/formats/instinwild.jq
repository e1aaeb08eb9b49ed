# title: InstructionWild
# read: json
# lang: EN/CN
# task: MT
# gen: SI
# type: generation, open QA, brainstorming
# source: https://github.com/XueFuzhao/InstructionWild
# licence: for non-commercial research only
# records: 52191
#
# The seed prompts and the prompts of users (data_v2) have no output: they are dropped.
if (has("output") | not) and has("instruction") then empty else . end
