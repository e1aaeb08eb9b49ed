# title: FLAN-Muffin
# read: json
# lang: EN
# task: MT
# gen: COL
# type: tasks of the first FLAN, worded by templates
# source: https://huggingface.co/datasets/Muennighoff/flan
# licence: not stated
# records: 1764800
{instruction: .inputs, input: "", output: .targets, tags: [.task | strings]}
