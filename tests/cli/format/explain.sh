# How a recipe would be run: engine and why, variables, program.
ift-format --explain-recipe --from dolly | head -n 2
ift-format --explain-recipe --jq '{instruction: .q, input: "", output: (.a | test("x") | tostring)}'
ift-format --explain-recipe --from hc3 --side chatgpt --arg x=1 | grep -v '^#' | head -n 5
echo '{"d":{"file_name":"d.json","columns":{"prompt":"q","response":"a"}}}' >info.json
ift-format --explain-recipe --dataset-info info.json d
ift-format --explain-recipe --dataset-info info.json || echo $?
ift-format --explain-recipe || echo $?
