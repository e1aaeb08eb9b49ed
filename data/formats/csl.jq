# title: CSL
# read: tsv quoting=none fields=prompt,text_a,text_b
# lang: CN
# task: MT
# gen: COL
# type: scientific papers in Chinese: abstracts to titles, keywords, categories and disciplines
# source: https://github.com/ydli-ai/CSL
# licence: Apache-2.0
# records: 396206
#
# The task is given in English, as published ("to title"); keywords are joined by "_".
{instruction: .prompt, input: .text_a, output: .text_b}
