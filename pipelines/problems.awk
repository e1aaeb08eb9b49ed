# problems.awk: a seeded source of small problems and of text to learn to read them from.
#
#   awk -v kind=chain -v seed=1 -v n=1000 -v steps=4 -f problems.awk    question TAB answer TAB rationale, as FLAN's CoT files
#   awk -v kind=primer -v seed=1 -v n=1000 -f problems.awk              JSONL records {"instruction","input","output"}
#
# chain: a story in which somebody's count changes `steps` times; the rationale writes down each sum. The total stays
# within 0..20 and each change within 1..9, so one step is easy and only their number is hard.
# primer: what a reader should know beforehand: single sums, one-change stories, comparing, counting on, repeating, listing
# what changes. No problem of more than one change is ever answered in it, and no two sums follow each other.
#
# The generator is Park and Miller's minimal standard (Communications of the ACM 31, 1988): exact in
# doubles, hence the same bytes from every awk.

function draw(k) { # uniform in 0 .. k-1
    state = (state * 16807) % 2147483647
    return int(state / 2147483647 * k)
}
function pick(list,    part, m) {
    m = split(list, part, ",")
    return part[draw(m) + 1]
}
function quantity(k, thing) { return k " " (k == 1 ? thing : thing "s") }

# One change of a total: sets delta and sentence.
function change(total, who, thing,    up) {
    up = total < 3 ? 1 : total > 17 ? 0 : draw(2)
    delta = draw(9) + 1
    if (up && total + delta > 20) delta = 20 - total
    if (!up && total - delta < 0) delta = total
    if (up) sentence = who " " pick("finds,buys,gets,picks up") " " delta " more."
    else sentence = who " " pick("loses,sells,gives away,drops") " " delta "."
    sum = total (up ? " + " : " - ") delta " = " (up ? total + delta : total - delta)
    if (!up) delta = -delta
}

function story(count,    who, thing, total, k) {
    who = pick(names)
    thing = pick(things)
    total = draw(10) + 1
    question = who " has " quantity(total, thing) "."
    rationale = changes = ""
    for (k = 0; k < count; k++) {
        change(total, who, thing)
        question = question " " sentence
        rationale = rationale (k ? " " : "") sum "."
        changes = changes (k ? ", " : "") (delta < 0 ? "- " (-delta) : "+ " delta)
        total += delta
    }
    question = question " How many " thing "s does " who " have now?"
    answer = total
}

function record(instruction, output) {
    printf "{\"instruction\":\"%s\",\"input\":\"\",\"output\":\"%s\"}\n", instruction, output
}

function primer(    a, b, which) {
    which = draw(14)
    a = draw(21)
    b = draw(9) + 1
    if (which < 5) {
        if (draw(2) && a + b <= 20) record("What is " a " + " b "?", a " + " b " = " a + b ".")
        else { if (a < b) a += b; record("What is " a " - " b "?", a " - " b " = " a - b ".") }
    } else if (which < 7) {
        story(1)
        record(question, draw(2) ? rationale : "The answer is " answer ".")
    } else if (which == 7) {
        story(0)
        record(question, "The answer is " answer ".")
    } else if (which == 8) {
        b = draw(21)
        record("Which is larger, " a " or " b "?", "The answer is " (a > b ? a : b) ".")
    } else if (which == 9) {
        record("Count from " a " to " a + b ".", count_on(a, a + b) ".")
    } else if (which == 10) {
        story(1 + draw(4))
        sub(/ How many.*/, "", question)
        record("Repeat: " question, question)
    } else if (which < 13) {
        story(1 + draw(5))
        sub(/ How many.*/, "", question)
        record("List the changes: " question, changes ".")
    } else {
        story(1 + draw(4))
        record("Who is this about? " question, "This is about " substr(question, 1, index(question, " ") - 1) ".")
    }
}
function count_on(from, to,    k, text) {
    text = from
    for (k = from + 1; k <= to; k++) text = text ", " k
    return text
}

BEGIN {
    names = "Ana,Ben,Chen,Dora,Emil,Fang,Gita,Hugo,Iris,Jun"
    things = "apple,shell,coin,book,stone,card,pen,plum"
    state = (seed * 7919 + 12345) % 2147483646 + 1
    for (burn = 0; burn < 10; burn++) draw(2)
    for (row = 0; row < n; row++) {
        if (kind == "primer") { primer(); continue }
        story(steps)
        printf "%s\t%s\t%s\n", question, answer, rationale
    }
}
