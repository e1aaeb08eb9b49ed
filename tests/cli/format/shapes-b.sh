# What is none of a collection's shapes is rejected, and the reason says what was expected. Here: Baize to TabMWP.
refuse() { # RECIPE VALUE...
    local recipe=$1
    shift
    printf '%s\n' "$@" | ift-format --from "$recipe" --keep-going 2>&1 |
        sed "s/^ift-format: rejected stdin/$recipe/; /^ift-format: .* in, /d"
}
refuse baize '{"input": "a plain text", "topic": "t"}' '{"input": "[|Human|] Hello\n[|Human|] "}'
refuse hh-rlhf '{"transcript": "\n\nHuman: a\n\nAssistant: b"}' '{"chosen": "Human: a", "rejected": ""}' '{"chosen": "\n\nHuman: a"}'
refuse hh-rlhf-red-team '{"transcript": "Hello"}'
refuse oig '{"text": "a plain text"}' '{"text": "Hello\n<human>: a\n<bot>: b"}' '{"text": "<human>: a"}' '["a", "b", "c"]'
refuse gaokao '{"examples": []}'
refuse camel '{"num_messages": 2, "message_1": {"role_type": "USER", "content": "a"}}' \
    '{"num_messages": 1, "message_1": {"role_type": "CRITIC", "content": "a"}}' '{"role_1": "a"}'
refuse flan-muffin '{"inputs": "a"}'
refuse coig '{"round_0": {"response": "{}"}}' '{"prompt": "a"}'
refuse coig-chat '{"round_0": {"response": "{\"Q\": \"a\", \"A\": [\"b\"]}"}}' '{"instruction": "a"}'
refuse sharegpt '{"conversations": [{"from": "tool", "value": "a"}]}' '{"conversations": [{"from": "gpt", "value": "a"}]}' '{"id": "a"}'
refuse auto-cot '{"question": "a", "answer": "b\n#### c"}' '{"question": {"stem": "a", "choices": []}}' '{"prompt": "a"}' \
    '{"examples": [{"question": "a", "answer": "b"}, {"prompt": "a"}]}' '{"examples": [{"input": "a", "target_scores": {"b": 0}}]}'
refuse moss '{"chat": {}, "num_turns": 1}' '{"chat": {"turn_1": {"Human": "a", "MOSS": "b"}}, "num_turns": 1}' \
    '{"plain_text": "a"}' '{"plain_text": "[Human]: a<eoh> b"}' '{"text": "a"}'
refuse ultrachat '{"data": "a"}' '{"data": ["a"]}' '{"data": ["a", 1]}'
refuse pclue '{"input": "a", "type": "nli"}'
refuse stackllama '{"question": "a"}'
refuse belle-eval '{"class": "a", "prompt": "b"}'
refuse mmcu '{"question": "a"}'
refuse ceval 'id,question,answer' '0,a,b'
refuse cmmlu 'id,question,A,B,C,D' '0,a,b,c,d,e'
refuse csl 'to title	a' # a column is missing
refuse mmlu 'a,b,c'
refuse fetaqa '{"question": "a"}'
refuse finqa '{"table": [["a"]]}'
refuse pacific '{"table": {"table": [["a"]]}, "paragraphs": [], "questions": []}'
refuse totto '{"table": []}'
refuse pubhealthtab '{"claim": "a", "table": {"rows": []}}'
refuse tatqa '{"table": {"table": [["a"]]}, "paragraphs": [], "questions": [{"question": "a", "answer": null}]}' '{"table": {}}'
refuse tabmwp '{"1": {"question": "a"}}'

echo '-- the other side'
ift-format -q --from hh-rlhf --side rejected "$SRC/tests/formats/hh-rlhf.in" | sed 's/"messages".*//'
ift-format -q --from stackllama --side worse "$SRC/tests/formats/stackllama.in"
echo '-- a record an answer'
for recipe in baize camel moss ultrachat; do
    ift-format --from $recipe --turns each "$SRC/tests/formats/$recipe.in" 2>&1 >out.jsonl | sed "s/^ift-format/$recipe/"
done
echo '-- numbers as they were written'
printf '%s\n' '{"sQuestion": "a", "lSolutions": [39.0]}' '{"Body": "a", "Question": "b", "Answer": 1e3}' |
    ift-format -q --from auto-cot
echo '{"table":{"table":[["a"]]},"paragraphs":[],"questions":[{"question":"b","answer":-12.0},{"question":"c","answer":[1.50]}]}' |
    ift-format -q --from tatqa | grep -o '"output":"[^"]*"'
