# c.awk: rules for C that need only the text. Strings and comments are blanked before code is looked at.
function complain(what) { print FILENAME ":" FNR ": " what }

# The line without string contents and comments; `inside` remembers an open comment.
function code_of(line,    out, c, i, n, quote) {
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        if (inside) {
            if (c == "*" && substr(line, i + 1, 1) == "/") { inside = 0; i++ }
        } else if (quote) {
            if (c == "\\") i++
            else if (c == quote) { quote = ""; out = out c }
        } else if (c == "/" && substr(line, i + 1, 1) == "*") { inside = 1; i++ }
        else if (c == "/" && substr(line, i + 1, 1) == "/") break
        else {
            if (c == "\"" || c == "'") quote = c
            out = out c
        }
    }
    return out
}

# The name that a match ending in "(" found.
function word(code,    text) {
    text = substr(code, RSTART, RLENGTH - 1)
    gsub(/[^A-Za-z0-9_]/, "", text)
    return text
}

function end_of_file() {
    if (file == "") return
    if (lines >= 900) print file ":1: " lines " lines, 900 is too many"
    else if (lines > 500) print "warning: " file ":1: " lines " lines, 500 is long"
}

FNR == 1 {
    end_of_file()
    file = FILENAME
    inside = 0
    body = 0
    libcore = FILENAME ~ /^libcore\//
    # main() and the progress line speak; running out of memory ends a program.
    speaks = FILENAME ~ /^libcore\/base\/(tool|progress|mem)\.c$/
    tests = FILENAME ~ /^tests\//
}

{
    lines = FNR
    if (length($0) > 100) complain(length($0) " columns, 100 at most")
    if (index($0, "\t") && !tests) complain("a tab")
    if ($0 ~ /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/) complain("finish it, or open an issue")
    code = code_of($0)

    if (match(code, /(^|[^A-Za-z0-9_])(strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|gets|tmpnam|mktemp|alloca)[ ]*\(/))
        complain("banned: " word(code))
    if (!tests && match(code, /(^|[^A-Za-z0-9_])(setjmp|longjmp|signal|rand|srand|system|popen)[ ]*\(/))
        complain("banned: " word(code))
    if (libcore && !speaks && match(code, /(^|[^A-Za-z0-9_])(printf|vprintf|puts|putchar|perror|exit|_exit|abort|assert)[ ]*\(/))
        complain("libcore does not print or leave: " word(code))
    if (libcore && !speaks && code ~ /(^|[^A-Za-z0-9_])stderr([^A-Za-z0-9_]|$)/)
        complain("libcore does not print: stderr")

    # A function begins with a line that starts in column one and ends with "{", and ends with "}" there.
    if (code ~ /^[A-Za-z_].*\) *\{ *$/) { body = FNR; name = $0 }
    else if (code ~ /^[A-Za-z_][^;={]*\(/ && code !~ /[;{}]/) { body = FNR; name = $0 }
    else if (code ~ /^\}/) {
        if (body && FNR - body + 1 > 60) print "warning: " FILENAME ":" body ": a function of " FNR - body + 1 " lines"
        body = 0
    }
}

END { end_of_file() }
