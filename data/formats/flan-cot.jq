# title: Chain of Thought (FLAN CoT)
# read: tsv quoting=python fields=question,answer,rationale
# lang: EN
# task: MT
# gen: HG
# type: instruct with cot reasoning
# source: https://github.com/google-research/FLAN/tree/main/flan/v2/cot_data
# licence: Apache-2.0
# records: 74771
#
# As Alpaca-CoT reads these files: with quoting, so that a field loses the quotes around it, and with the two
# characters \n left as they are. See flan-cot-plain for the other reading.
{instruction: .question, input: "", output: .answer, rationale}
