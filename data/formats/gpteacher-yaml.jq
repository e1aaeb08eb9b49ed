# title: GPTeacher, the twin in YAML
# read: yaml
# lang: EN
# task: MT
# gen: SI
# type: general, roleplay, toolformer
# source: https://github.com/teknium1/GPTeacher
# licence: MIT
# records: 29013
#
# Published with `response`; later copies have `output`.
{instruction, input: (.input // ""), output: (.response // .output // error("neither \"response\" nor \"output\""))}
