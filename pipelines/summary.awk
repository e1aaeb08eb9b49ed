# summary.awk: the demo's last page, from the files it left in `out`.

# The value of a key in one JSON line of ours.
function field(line, key,    at) {
    at = index(line, "\"" key "\":")
    if (!at) return ""
    line = substr(line, at + length(key) + 3)
    sub(/[,}].*/, "", line)
    return line + 0
}
function metrics(path,    line) {
    while ((getline line < path) > 0) {
        if (line ~ /"task":"answer"/) accuracy = field(line, "accuracy")
        if (line ~ /"task":"loss"/) loss = field(line, "loss")
    }
    close(path)
}
function speed(path,    line, tokens, seconds) {
    while ((getline line < path) > 0)
        if (line ~ /"tokens_per_s":/) {
            tokens += field(line, "tokens")
            seconds += field(line, "tokens") / field(line, "tokens_per_s")
        }
    close(path)
    return seconds ? tokens / seconds : 0
}
function row(name, style) {
    metrics(out "/before." style ".json")
    printf "  %-22s %8.3f", name, loss
    was = accuracy
    metrics(out "/after." style ".json")
    printf " -> %6.3f   %6.0f %% -> %3.0f %%   %8.0f\n", loss, 100 * was, 100 * accuracy, speed(out "/train." style ".log.jsonl")
    return accuracy
}

BEGIN {
    print ""
    printf "Stories in which a count changes %d times, answered by a model tuned on the same stories\n\n", steps
    print "                              loss          exact answers       tokens/s"
    with = row("with rationales", "with")
    without = row("without", "without")
    print ""
    if (with > without) printf "Rationales in the data: %.0f answers of 100 instead of %.0f.\n", 100 * with, 100 * without
    else print "Rationales in the data did not help here."
    print ""
    print "What was made, in " out ":"
    print "  train.tsv  *.jsonl  *.ifs     problems, records, packed ids (ift-view *.ifs)"
    print "  adapter.with/  merged.with/   a PEFT adapter and a Hugging Face model folder"
    print "  after.with.samples.jsonl      every question with what the model answered"
    print ""
    print "Next:"
    print "  head -n 1 " out "/test.with.jsonl | build/bin/ift-generate --model " out "/merged.with --prompt alpaca"
    print "  make demo STEPS=6 OUT=build/demo6     longer stories"
    print "  man ./man/ift.7                       the tour, then your own data"
}
