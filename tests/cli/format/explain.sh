# How a recipe would be run: engine and why, variables, program.
ift-format --explain-recipe --from dolly | sed -n 's,/.*/,.../,; 1,2p'
ift-format --explain-recipe --jq '{instruction: .q, input: "", output: (.a | test("x") | tostring)}'
ift-format --explain-recipe --from hc3 --side chatgpt --arg x=1 | sed -n 's,/.*/,.../,; 1,5p'
echo '{"d":{"file_name":"d.json","columns":{"prompt":"q","response":"a"}}}' >info.json
ift-format --explain-recipe --dataset-info info.json d
ift-format --explain-recipe --dataset-info info.json || echo $?
ift-format --explain-recipe || echo $?
