# title: Code Alpaca
# read: json
# lang: EN
# task: TS
# gen: SI
# type: code generation, editing and optimisation
# source: https://github.com/sahil280114/codealpaca
# licence: CC BY-NC 4.0
# records: 20022
#
# new_codealpaca.json has both `response` and `output`, always equal.
{instruction, input: (.input // ""), output: (.output // .response // error("neither \"output\" nor \"response\""))}
