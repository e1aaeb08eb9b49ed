# imports.awk: who may include whom. Rooms of libcore use only themselves and those before them in
# `rooms`; libraries have one door each.
function complain(what) {
    print FILENAME ":" FNR ": " what
}

BEGIN {
    n = split(rooms, list, " ")
    for (i = 1; i <= n; i++) order[list[i]] = i
    # header: whose paths begin so may include it
    door["jq.h"] = door["jv.h"] = "libcore/io/jq"
    door["utf8proc.h"] = "libcore/io/utf8"
    door["archive.h"] = door["archive_entry.h"] = "libcore/io/" # unpack, and xlsx_part
    door["yaml.h"] = "libcore/io/yaml"
    door["expat.h"] = "libcore/io/xlsx_part"
    door["xxhash.h"] = "libcore/base/hash"
    door["zlib.h"] = "libcore/io/"
    door["isa-l.h"] = "libcore/io/inflate_isal"
    door["cuda.h"] = door["cuda_runtime.h"] = door["cublasLt.h"] = "kernels/cuda/"
}

FNR == 1 { split(FILENAME, from, "/") }

match($0, /^ *# *include *"[^"]*"/) {
    path = substr($0, RSTART, RLENGTH - 1)
    sub(/.*"/, "", path)
    split(path, to, "/")
    if (to[1] != "libcore" && to[1] != "kernels") complain("not from the root: \"" path "\"")
    else if (from[1] == "tools" && to[1] != "libcore") complain("a tool knows only libcore: " path)
    else if (from[1] == "kernels" && to[1] != "kernels") complain("kernels know no libcore: " path)
    else if (from[1] == "libcore" && to[1] == "kernels" && path != "kernels/backend.h")
        complain("libcore knows only kernels/backend.h: " path)
    else if (from[1] == "libcore" && to[1] == "libcore" && !(to[2] in order))
        complain("no such room: " path)
    else if (from[1] == "libcore" && to[1] == "libcore" && order[to[2]] > order[from[2]])
        complain(from[2] " comes before " to[2] ": " path)
}

match($0, /^ *# *include *<[^>]*>/) {
    header = substr($0, RSTART, RLENGTH - 1)
    sub(/.*</, "", header)
    if (header in door && index(FILENAME, door[header]) != 1)
        complain("<" header "> belongs to " door[header])
}
