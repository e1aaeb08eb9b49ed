# title: Alpaca GPT-4
# read: json
# lang: EN/CN
# task: MT
# gen: SI
# type: general instruct
# source: https://github.com/Instruction-Tuning-with-GPT-4/GPT-4-LLM
# licence: CC BY-NC 4.0
# records: 52002
#
# The unified keys are its own, in English, in Chinese and in the answers to Unnatural Instructions. What else a record holds stays.
.
