# vocab.awk: a small byte-level BPE vocabulary from plain text, written as a tokenizer.json of GPT-2's kind.
#
#   LC_ALL=C awk -v merges=300 -f vocab.awk TEXT... > tokenizer.json
#
# Ids 0 and 1 are <s> and </s>, 2..257 the bytes in GPT-2's order, then one merge result each. Only words of letters, with the
# blank before them, are counted, so digits and punctuation never merge: a number is its digits, which is what sums are done
# with. Of the pairs that occur most often the first in byte order is merged: the same file from every awk. ift-vocab train
# does the like of any text, but goes by ids where counts are equal, and would make another base than the one that is there.

# The character that stands for a byte in such files: itself if printable, else U+0100 + k for the k-th of the others.
function letter_of(byte,    k) {
    if (byte >= 33 && byte <= 126) return sprintf("%c", byte)
    if ((byte >= 161 && byte <= 172) || byte >= 174) return utf8(byte)
    k = byte < 33 ? byte : byte < 161 ? byte - 94 : 67
    return utf8(256 + k)
}
function utf8(code) { return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64) }
function quoted(text) { gsub(/[\\"]/, "\\\\&", text); return "\"" text "\"" }
function token(text) { printf "%s\n      %s: %d", (id ? "," : ""), quoted(text), id; id++ }

{
    line = $0
    while (match(line, / ?[A-Za-z]+/)) {
        count[substr(line, RSTART, RLENGTH)]++
        line = substr(line, RSTART + RLENGTH)
    }
}

# Words as symbols between tabs: "\tx\ty\t".
function spell(word,    k, s, c) {
    s = "\t"
    for (k = 1; k <= length(word); k++) {
        c = substr(word, k, 1)
        s = s (c == " " ? letter_of(32) : c) "\t"
    }
    return s
}

function best_pair(    w, k, m, part, pair, most, best, tally) {
    for (w in symbols) {
        m = split(substr(symbols[w], 2), part, "\t") - 1
        for (k = 1; k < m; k++) tally[part[k] "\t" part[k + 1]] += count[w]
    }
    most = 1
    for (pair in tally)
        if (tally[pair] > most || (tally[pair] == most && most > 1 && pair < best)) { most = tally[pair]; best = pair }
    return most > 1 ? best : ""
}

# Joins every occurrence, left to right; the text between tabs is literal, so no regular expression is involved.
function join_pair(text, pair, merged,    at, out, needle) {
    needle = "\t" pair "\t"
    out = ""
    while ((at = index(text, needle)) > 0) {
        out = out substr(text, 1, at) merged
        text = substr(text, at + length(needle) - 1)
    }
    return out text
}

END {
    for (word in count) symbols[word] = spell(word)
    for (made = 0; made < merges; made++) {
        pair = best_pair()
        if (pair == "") break
        merged = pair
        sub(/\t/, "", merged)
        rule[made] = pair
        for (word in symbols) symbols[word] = join_pair(symbols[word], pair, merged)
    }
    print "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": ["
    for (k = 0; k < 2; k++)
        printf "    {\"id\": %d, \"content\": \"%s\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}%s\n", \
            k, (k ? "</s>" : "<s>"), (k ? "" : ",")
    print "  ],\n  \"normalizer\": null,"
    print "  \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true, \"use_regex\": true},"
    print "  \"post_processor\": null,"
    print "  \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true, \"use_regex\": true},"
    printf "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n    \"continuing_subword_prefix\": null,\n" \
        "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n    \"vocab\": {"
    token("<s>")
    token("</s>")
    for (byte = 33; byte <= 126; byte++) token(letter_of(byte))
    for (byte = 161; byte <= 172; byte++) token(letter_of(byte))
    for (byte = 174; byte <= 255; byte++) token(letter_of(byte))
    for (byte = 0; byte <= 255; byte++)
        if (byte < 33 || (byte > 126 && byte < 161) || byte == 173) token(letter_of(byte))
    for (k = 0; k < made; k++) { merged = rule[k]; sub(/\t/, "", merged); token(merged) }
    printf "\n    },\n    \"merges\": ["
    for (k = 0; k < made; k++) { pair = rule[k]; sub(/\t/, " ", pair); printf "%s\n      %s", (k ? "," : ""), quoted(pair) }
    print "\n    ]\n  }\n}"
}
