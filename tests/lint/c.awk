# c.awk: rules for C that need only the text. Strings and comments are blanked before code is
# looked at.
function complain(what) {
    print FILENAME ":" FNR ": " what
}

# The line without string contents and comments; `inside` remembers an open comment.
function code_of(line,    out, c, i, n, quote) {
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        if (inside) {
            if (c == "*" && substr(line, i + 1, 1) == "/") {
                inside = 0
                i++
            }
        } else if (quote) {
            if (c == "\\") i++
            else if (c == quote) {
                quote = ""
                out = out c
            }
        } else if (c == "/" && substr(line, i + 1, 1) == "*") {
            inside = 1
            i++
        } else if (c == "/" && substr(line, i + 1, 1) == "/") break
        else {
            if (c == "\"" || c == "'") quote = c
            out = out c
        }
    }
    return out
}

# The one of `names` ("a|b|c") that is called in the code, "" when none is.
function called(code, names,    text) {
    if (!match(code, "(^|[^A-Za-z0-9_])(" names ")[ ]*\\(")) return ""
    text = substr(code, RSTART, RLENGTH)
    gsub(/[^A-Za-z0-9_]/, "", text)
    return text
}

function end_of_file() {
    if (lines >= 900) print file ":1: " lines " lines, 900 is too many"
    else if (lines > 500) print "warning: " file ":1: " lines " lines, 500 is long"
}

function end_of_function() {
    if (body && FNR - body + 1 > 60)
        print "warning: " FILENAME ":" body ": a function of " FNR - body + 1 " lines"
    body = 0
}

BEGIN {
    unbounded = "strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|gets|atoi|atol|atoll|atof|alloca"
    unsafe = "tmpnam|mktemp|setjmp|longjmp|signal|rand|srand|system|popen"
    speaking = "printf|vprintf|puts|putchar|perror|exit|_exit|abort|assert"
}

FNR == 1 {
    end_of_file()
    file = FILENAME
    inside = body = 0
    tests = FILENAME ~ /^tests\//
    # main(), notes and the progress line speak; running out of memory ends a program.
    silent = FILENAME ~ /^libcore\// && FILENAME !~ /^libcore\/base\/(tool|note|progress|mem)\.c$/
}

{
    lines = FNR
    code = code_of($0)
    if (length($0) > 100) complain(length($0) " columns, 100 at most")
    if (index($0, "\t") && !tests) complain("a tab")
    if ($0 ~ /(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/ && !tests) complain("finish it, or open an issue")
    if (name = called(code, unbounded)) complain("banned: " name)
    if (!tests && (name = called(code, unsafe))) complain("banned: " name)
    if (silent && (name = called(code, speaking))) complain("libcore does not print or leave: " name)
    if (silent && code ~ /(^|[^A-Za-z0-9_])stderr([^A-Za-z0-9_]|$)/) complain("libcore does not print")
}

# A function begins in column one with a "(" and without ";" or "=", and ends with a "}" there.
code ~ /^[A-Za-z_][^;={]*\(/ && code !~ /;/ { body = FNR }
code ~ /^\}/ { end_of_function() }

END { end_of_file() }
