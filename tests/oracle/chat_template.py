#!/usr/bin/env python3
"""What transformers' environment makes of templates of our own, for tests/unit/test_chat_template.c.

    chat_template.py tests/golden/chat_template     # transformers 5.23.0, jinja2 3.1.6

<name>.jinja there are templates; each is rendered for every conversation, with and without
add_generation_prompt, to <name>.jsonl. points.jsonl: templates of one point each.
"""
import json
import pathlib
import sys

from transformers.utils.chat_template_utils import _compile_jinja_template

folder = pathlib.Path(sys.argv[1])
CONTEXT = {"words": ["b", "A", "c"], "n": 5, "x": 0.25, "yes": True, "nil": None, "blank": "",
           "text": " \u3000Ünï \tcode\r\n", "map": {"z": [1, {"y": "\U0001f600\u0001"}], "a": "'"},
           "turns": [{"role": "user", "content": "eins"}, {"role": "assistant", "content": "zwei"}]}
POINTS = r"""
{{ text | trim }}|{{ text.strip() }}|{{ text.rstrip() | length }}
{{ map }} {{ map | tojson }} {{ map | tojson(indent=1, sort_keys=true) }} {{ map | tojson(true) }}
{{ words[::-1] }} {{ words[-2:] }} {{ words[:-1] | join('/') }} {{ 'köln'[1::2] }} {{ words[5:] }}
{{ n // -2 }} {{ -n % 3 }} {{ n % -3 }} {{ n / 2 }} {{ 2 ** n }} {{ n * 'ab' }} {{ x * 3 }} {{ 1e15 }} {{ 12e15 }}
{{ 1 < n <= 5 != 4 }} {{ not n > 3 and yes }} {{ nil or blank or 'last' }} {{ 'b' in words }} {{ 'a' not in map }}
{% for t in turns %}{{ loop.index }}{{ t.role }}{% if not loop.last %}, {% endif %}{% else %}empty{% endfor %}
{% for t in turns if t.role == 'tool' %}{{ t }}{% else %}none{% endfor %}
{% for a, b in map.items() %}{{ a }}:{{ b is mapping }}{{ b is string }};{% endfor %}
{% set ns = namespace(n=0) %}{% for w in words %}{% set ns.n = ns.n + loop.index %}{% set n = 0 %}{% endfor %}{{ ns.n }} {{ n }}
{% macro m(a, b=2) -%} {{ a }}{{ b }} {%- endmacro %}{{ m('q') }}{{ m(b=1, a='r') }}
{% set s %}x{{ n }}{% endset %}{{ s ~ s | upper }}
{{ words | sort | join }} {{ words | map('upper') | list }} {{ turns | map(attribute='content') | join(' ') }}
{{ turns | selectattr('role', 'equalto', 'user') | list | length }} {{ turns | rejectattr('content') | list }}
{{ words | first }}{{ words | last }} {{ [] | last is defined }} {{ {'b': 1, 'A': 2} | dictsort }}
{{ missing | default('d') }} {{ nil | default('d') }} {{ blank | default('d', true) }} {{ missing is defined }}
{{ 'a,b,c'.split(',', 1) }} {{ '  a b '.split() }} {{ 'abcab'.replace('ab', '-') }}
{{ 'x' if n > 9 }}|{{ 'x' if n > 9 else 'y' }} {{ (n, ) }} {{ ('a' 'b') }} {{ "\u00e9\x41\n" }}
{{ '%s is %d and %.1f%%' % ('n', n, x) }} {{ '{} {1}'.format(1, 2) }}
{{ '{0}-{k}'.format(n, k='v') }} {{ 'strasse ß'.upper() }} {{ "it's o'clock".title() }} {{ 'aBC dE' | title }}
{%- for i in range(9) %}{% if i is odd %}{% continue %}{% endif %}{% if i > 6 %}{% break %}{% endif %}{{ i }}{% endfor -%}
{% generation %}{{ n }}{% endgeneration %}{% raw %}{{ n }}{% endraw %}{# a comment #}.
{{ turns[0].missing }}|{{ turns[0]['missing'] }}|{{ turns[9] }}|{{ nil.a }}|{{ loop }}|
{{ turns[0].missing.more }}
{{ 'a' + 1 }}
{{ raise_exception('no: ' ~ words) }}
{{ words.append('d') }}
{{ n | unknown }}
{{ n is unknown }}
{% import 'os' as os %}
{% for w in words %}
{{ turns[0].__class__.__mro__ }}
{{ n() }}
{{ [1, 2 }}
{{ 1 if }}
{{ 'a' < n }}
{{ 5 // 0 }}
{{ words | join(',' }}
{% if n %}{% endfor %}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{{ 'a' 1 }}
""".strip("\n").split("\n")
CONVERSATIONS = [
    [{"role": "user", "content": "How many?"}],
    [{"role": "system", "content": " Be  brief. "}, {"role": "user", "content": "多少？\r\n"}, {"role": "assistant", "content": "三 <|end|>"}],
    [{"role": "user", "content": ""}, {"role": "assistant", "content": " a "}, {"role": "user", "content": "{{ b }}"},
     {"role": "assistant", "content": "<think>\nc</think>\n\nd"}],
    [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": [
        {"function": {"name": "f", "arguments": {"é": [1, 2.5, None, True], "s": "\"/<"}}}]}, {"role": "tool", "content": "7"}],
    [{"role": "assistant", "content": "out of turn"}],
    [{"role": "user", "content": "u"}, {"role": "user", "content": "v"}],
]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]

def run(template, **variables):
    try:
        return {"expected": _compile_jinja_template(template).render(**variables)}
    except Exception as e:
        return {"error": str(e), "error_type": type(e).__name__}

def line(o):
    return json.dumps(o, ensure_ascii=False) + "\n"

with open(folder / "points.jsonl", "w") as out:
    out.write(line({"context": CONTEXT}))
    for t in POINTS:
        out.write(line({"template": t, **run(t, **CONTEXT)}))
for path in sorted(folder.glob("*.jinja")):
    with open(path.with_suffix(".jsonl"), "w") as out:
        for messages in CONVERSATIONS:
            for ask in (False, True):
                kwargs = {"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": ask}
                if ask and len(messages) == 1:
                    kwargs["tools"] = TOOLS
                given = {"tools": None, "documents": None, **kwargs}
                out.write(line({"messages": messages, "kwargs": kwargs,
                                **run(path.read_text(), messages=messages, **given)}))
