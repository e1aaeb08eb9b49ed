# title: Guanaco
# read: json
# lang: ML
# task: MT
# gen: SI
# type: linguistic tasks and dialogues in English, Chinese, Japanese and German
# source: https://huggingface.co/datasets/JosephusCheung/GuanacoDataset
# licence: GPL-3.0
# records: 534610
# turns: earlier turns stay where they are published, as text "User: ..." and "Assistant: ..." in instruction and input
#
# The unified keys are Guanaco's own; what else a record holds stays.
.
