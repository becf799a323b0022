# SPDX-License-Identifier: MIT
# Reads a preprocessed source and tells of words that mean another thing here than where the source
# was written for. The DDK's own headers (below the directory `ddk`) and system headers are right as
# they are. What comes out of a macro is reported where the macro is used; once per line.
#
#   -v look=long   `long` has 4 bytes with Microsoft's compiler and 8 in a native .so; `long long` and
#                  `long double` are well
#   -v look=try    clang guards the calls made inside __try, not what the block itself reads and writes
function tell(file, line, what) {
    if (last != file ":" line) {
        last = file ":" line
        printf "%s: %s\n", last, what
    }
}
function judge() {
    if (longs == 1 && !wide) {
        tell(place, at, "warning: 'long' has 8 bytes in the .so and 4 in the .sys; write LONG, ULONG or LONG_PTR")
    }
    longs = wide = 0
}
# A line marker: # 12 "file" 1 3
/^# [0-9]+ "/ {
    line = $2
    file = $0
    sub(/^# [0-9]+ "/, "", file)
    flags = file
    sub(/".*/, "", file)
    sub(/.*"/, "", flags)
    ours = index(file, ddk) == 1 || flags ~ / 3/ || file ~ /^</
    next
}
{
    if (!ours) {
        text = $0
        gsub(/\\./, "", text)          # escapes, so that quotes pair up
        gsub(/"[^"]*"/, "\"", text)
        gsub(/'[^']*'/, "'", text)
        while (match(text, /[A-Za-z_][A-Za-z_0-9]*|[^ \tA-Za-z_]/)) {
            word = substr(text, RSTART, RLENGTH)
            text = substr(text, RSTART + RLENGTH)
            if (look == "try") {
                if (word == "__try") {
                    tell(file, line, "note: clang guards the calls inside this __try, not memory that the block itself reads or writes")
                }
            } else if (word == "long") {
                if (longs++ == 0) {
                    place = file
                    at = line
                }
            } else if (word == "double") {
                wide = 1
            } else if (word !~ /^(unsigned|signed|int|const|volatile|static|extern|register|__signed__)$/) {
                judge()
            }
        }
    }
    line++
}
END { judge() }
