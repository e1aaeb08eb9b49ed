# title: Chain of Thought (FLAN CoT), as FLAN reads it
# read: tsv quoting=none fields=question,answer,rationale
# lang: EN
# task: MT
# gen: HG
# type: instruct with cot reasoning
# source: https://github.com/google-research/FLAN/tree/main/flan/v2/cot_data
# licence: Apache-2.0
# records: 74771
#
# Quotes are characters like any other, and the two characters \n stand for a line end in question and rationale.
{
  instruction: (.question | split("\\n") | join("\n")),
  input: "",
  output: .answer,
  rationale: (.rationale | split("\\n") | join("\n"))
}
