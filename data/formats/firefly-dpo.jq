# title: Firefly, preferences
# read: json
# lang: EN
# task: MT
# gen: SI
# type: pairs of dialogues, one preferred
# source: https://github.com/yangjianxin1/Firefly/blob/master/data/dummy_dpo.jsonl
# licence: not stated
# side: chosen, rejected
# turns: a dialogue is a list of messages already
#
# UltraFeedback's shape.
{id: .prompt_id, messages: (.[$side] // error("no list \"\($side)\""))}
