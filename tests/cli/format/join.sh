# A second input, in which values find what belongs to them: values by a member, files by their names.
ask() { ift-format "$@" || echo "exit $?"; }
recipe() { # JOIN...
    printf '# read: json\n# join: %s\n{instruction: .q, output: (.has | tojson)}\n' "$*" >recipe.jq
}
question() { printf '{"q": "%s", "t": %s}\n' "$1" "$2"; }

recipe jsonl key=id on=t as=has
printf '%s\n' '{"id": "a", "n": 1.0}' '{"id": 7, "n": [10000000000000000001]}' '{"n": 3, "id": "\u0061 \"b\""}' >tables.jsonl
{ question one '"a"'; question two 7; question three '"a \"b\""'; question four '"\u0061"'; } >in.jsonl
ask --from ./recipe.jq --join tables.jsonl in.jsonl
gzip -k tables.jsonl && ask -q --from ./recipe.jq --join tables.jsonl.gz in.jsonl | wc -l
for j in 1 2 4; do for _ in $(seq 999); do cat in.jsonl; done | ift-format -q -j $j --from ./recipe.jq --join tables.jsonl | cksum; done | uniq | wc -l

echo '-- what is not there, or has no key'
{ question lost '"b"'; question none null; question list '[1]'; echo '{"q": "no key"}'; echo '[1]'; echo '{"q": '; question one '"a"'; } >bad.jsonl
ask --from ./recipe.jq --join tables.jsonl --keep-going bad.jsonl
ask --from ./recipe.jq in.jsonl
ask --jq . --join tables.jsonl in.jsonl
ask --from ./recipe.jq --join nowhere in.jsonl
echo '{"id": "a"}' >>tables.jsonl && ask --from ./recipe.jq --join tables.jsonl in.jsonl
echo '{"n": 1}' >none.jsonl && ask --from ./recipe.jq --join none.jsonl in.jsonl
echo '{"id": ' >broken.jsonl && ask --from ./recipe.jq --join broken.jsonl in.jsonl

echo '-- files'
recipe 'csv delimiter=; files=*.csv on=t as=has slash=-'
mkdir -p d/x d/y && printf 'a;b\n1;2' >d/x/1.csv && printf 'c\n' >d/y/1.csv && printf 'd' >d/x/2.v.csv && printf 'no' >d/x/1.txt && : >d/x/3.csv
{ question path '"x/1"'; question folder '"y-1"'; question extension '"x/1.csv"'; question name '"2.v"'; } >in.jsonl
ask -q --from ./recipe.jq --join d in.jsonl
tar -cf d.tar d && ask -q --from ./recipe.jq --join d.tar in.jsonl | cksum
ask -q --from ./recipe.jq --join d in.jsonl | cksum
{ question two '1'; question empty '"x/3"'; question part '".v"'; question none '""'; } >bad.jsonl
ask --from ./recipe.jq --join d --keep-going bad.jsonl
printf '"' >d/x/4.csv && ask --from ./recipe.jq --join d in.jsonl

echo '-- once for each thing that is found'
through() { # FUNCTION [DEFS]
    printf '# read: json\n# join: jsonl key=id on=t as=has through=%s\n%s\n{instruction: .q, output: .has}\n' "$1" "$2" >recipe.jq
}
through shown 'def each: .cells[] | tostring;
def shown: [each] | join("|");'
printf '%s\n' '{"id": "a", "cells": [1, "x\\y"]}' '{"id": "b", "cells": 3}' '{"id": "c", "cells": []}' >tables.jsonl
{ question one '"a"'; question wrong '"b"'; question two '"a"'; question none '"c"'; } >in.jsonl
for engine in native libjq; do ask --from ./recipe.jq --engine $engine --join tables.jsonl --keep-going in.jsonl; done
through each 'def each: .cells[] | tostring;'
ask --from ./recipe.jq --join tables.jsonl --keep-going in.jsonl
through none 'def each: .cells;'
ask --from ./recipe.jq --join tables.jsonl in.jsonl 2>/dev/null

echo '-- what a recipe may say'
for join in 'jsonl key=id on=t' 'jsonl on=t as=h' 'jsonl key=id files=*.x on=t as=h' 'json key=id on=t as=h slash=-' 'jsonl key=id key=x on=t as=h' \
    'xml key=id on=t as=h' 'csv key=id on=t as=h encoding=none-such'; do
    recipe "$join"
    ask --from ./recipe.jq --join tables.jsonl in.jsonl
done
recipe 'csv header=yes key="the id" on="the t" as=has'
printf 'the id,n\nx,1\n' >t.csv
echo '{"q": "quoted", "the t": "x"}' | ask -q --from ./recipe.jq --join t.csv
ask --describe tabmcq | grep join
