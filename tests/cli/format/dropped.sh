# A recipe may give no record or several: in = gave + dropped + rejected.
seq 1 10 | ift-format --jq 'select(. > 3) | range(. - 3) as $i | {instruction: "\(.)", output: "\($i)"}' | wc -l
seq 1 10 | ift-format --jq 'empty'
ift-format --jq '{instruction: "a", output: .}' --as json-array <<<$'""\n"x"'
