# SPDX-License-Identifier: MIT
# Reads allowed.txt, our facts and theirs ("kind name = value"); see ../conformance.sh. One line per
# difference, one with the counts, and "counts same N" for the caller.
function allowed(key,    i) {
    for (i = 1; i <= entries; i++)
        if (key == pattern[i] || (substr(pattern[i], length(pattern[i])) == "*" &&
            substr(key, 1, length(pattern[i]) - 1) == substr(pattern[i], 1, length(pattern[i]) - 1))) {
            used[i] = 1
            return 1
        }
    return 0
}
FNR == 1 { file++ }
file == 1 {
    if ($0 ~ /^(#|$)/) next
    if ($1 != "both" && $1 != arch) next
    pattern[++entries] = $2 " " $3
    next
}
{ at = index($0, " = "); key = substr($0, 1, at - 1); value = substr($0, at + 3) }
file == 2 { ours[key] = value; next }
key in ours {
    split(key, word, " ")
    if (!(key in seen)) { seen[key]; number[word[1]]++; total++ }
    if (ours[key] == value) same++
    else if (allowed(key)) exceptions++
    else print "FAIL " arch " " key ": ours " ours[key] ", mingw-w64 " value
}
END {
    for (i = 1; i <= entries; i++)
        if (!used[i]) print "FAIL " arch " allowed.txt: " pattern[i] " does not differ (any more)"
    printf "%s: %d names compared: %d types, %d members, %d enumerators, %d constants, %d routines; %d known differences\n",
        arch, total, number["type"], number["member"], number["enum"], number["macro"], number["routine"], exceptions
    print "counts same " same
}
