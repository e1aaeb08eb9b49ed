# What a user has defined for jq at home does not change what a recipe gives.
echo 'def secret: "x"; def tostring: "changed";' >.jq
printf '{instruction: "a", output: (1 | tostring)}' >own.jq
echo 1 | HOME=$PWD ift-format -q --from ./own.jq --engine libjq
echo 1 | HOME=$PWD ift-format -q --jq '{instruction: "a", output: secret}' --engine libjq || echo "exit $?"
