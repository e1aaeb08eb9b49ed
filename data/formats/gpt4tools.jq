# title: GPT4Tools
# read: json
# lang: EN
# task: MT
# gen: SI
# type: the use of tools for images, in the words of ReAct
# source: https://github.com/AILab-CVC/GPT4Tools
# licence: not stated
# records: 71446
{instruction, input, output}
