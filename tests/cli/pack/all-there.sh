# Many documents through small windows: each comes out exactly once, rows are nearly full, and the same input gives the same bytes.
# Park and Miller's generator: rand() is another in each awk, and in each release of one.
awk 'function rnd() { x = x * 16807 % 2147483647; return x / 2147483647 }
    BEGIN { x = 3; for (i = 0; i < 20000; i++) { n = 2 + int(60 * rnd() * rnd()); printf "{\"ids\":[%d", i;
    for (k = 1; k < n; k++) printf ",%d", k; print "]}" } }' >d.jsonl
docs() { # one a line, sorted
    ift-view "$1" | awk '{ match($0, /\[[^]]*/); n = split(substr($0, RSTART + 1, RLENGTH - 1), id, ",")
        m = 1; len[1] = n
        if (match($0, /"docs":\[[^]]*/)) m = split(substr($0, RSTART + 8, RLENGTH - 8), len, ",")
        for (d = at = 1; d <= m; d++) { s = ""; for (k = 0; k < len[d]; k++) s = s " " id[at++]; print s } }' | sort
}
docs d.jsonl >want
for window in 1 5000 100000000; do
    ift-pack --length 128 --window $window d.jsonl -o p.ifs
    docs p.ifs | cmp - want
done
ift-pack -q --length 128 --window 5000 --shuffle -s 1 d.jsonl >s1
ift-pack -q --length 128 --window 5000 --shuffle -s 1 d.jsonl | cmp - s1
ift-pack -q --length 128 --window 5000 --shuffle -s 2 d.jsonl >s2
docs s1 | cmp - want
docs s2 | cmp - want
cmp -s s1 s2 && echo 'the seed changes nothing'
exit 0
