#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes docs/contract/04-routines.md: every routine that an image may import, from the export lists (ddk/lib/*.def),
# the comments in ddk/include and the level that each routine requires in its code. With `check`: fails when the page
# is not up to date. Either way a routine without a comment above its declaration, or without one above the group it
# stands in, is an error. A sentence "Limit: ..." at the end of a comment makes the routines below it "with limits";
# "Limit NAME: ..." only that one.
cd "$(dirname "$0")/.." || exit 2
LC_ALL=C
export LC_ALL
page=docs/contract/04-routines.md
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# ---- name, header, declared only or not, limit ("-": none) ----
for f in ddk/include/*.h ddk/include/openmpio/*.h; do
    awk -v header="${f#ddk/include/}" '
        function limit_for(name,    at, text) {
            at = index(comment, "Limit " name ":")
            if (at) text = substr(comment, at + length("Limit " name ":"))
            else if (at = index(comment, "Limit:")) text = substr(comment, at + 6)
            else return "-"
            sub(/ *Limit [A-Za-z].*/, "", text)
            gsub(/^ +| +$/, "", text)
            return text
        }
        inside || /^[ \t]*\/\*/ {
            if (!inside) { comment = ""; commented = 1 }
            text = $0
            inside = text !~ /\*\//
            gsub(/^[ \t]*\/?\*+\/?[ \t]?|\*\/.*/, "", text)
            comment = comment " " text
            next
        }
        /^[ \t]*$/ && !open { commented = 0; comment = ""; next }
        $1 == "#define" { next }
        $1 ~ /^(NTKERNELAPI|MPIOAPI|STORPORT_API|WMILIBAPI|DDK_DECLARED)$/ { text = ""; open = 1; word = $1 }
        open {
            text = text " " $0
            if ($0 !~ /;/) next
            open = 0
            sub(/\(.*/, "", text)
            sub(/[ \t]+$/, "", text)
            sub(/.*[ \t*]/, "", text)
            print text "\t" header "\t" (word == "DDK_DECLARED") "\t" limit_for(text) "\t" commented
        }' "$f"
done | sort >"$work/declared"

# ---- name, level: what its code requires first, or that of the routine it calls first ----
awk -F'\t' '{ print $1 }' "$work/declared" >"$work/names"
awk '
    FILENAME == ARGV[1] { known[$1] = 1; next }
    /^[A-Za-z].*\(/ && !/;[ \t]*$/ && !/^(static|typedef|struct|enum|#)/ {
        left = $0
        if (match(left, /\([A-Za-z_0-9]+\)\(/)) { name = substr(left, RSTART + 1, RLENGTH - 3) }
        else { sub(/\(.*/, "", left); name = left; sub(/.*[ \t*]/, "", name) }
        if (!(name in known)) name = ""
        next
    }
    /^}/ { name = ""; next }
    name == "" || (name in level) { next }
    match($0, /(NT|PORT|CORE)_REQUIRE_IRQL\(.*\);/) {
        text = substr($0, RSTART, RLENGTH)
        sub(/^[A-Z]+_REQUIRE_IRQL\(/, "", text)
        sub(/\);$/, "", text)
        level[name] = text
        next
    }
    /RequireCaseLevel\(/ { level[name] = "case"; next }
    /NtLockRequireDispatch\(/ { level[name] = "above"; next }
    /old > DISPATCH_LEVEL/ { level[name] = "DISPATCH_LEVEL"; next } # the fast path of KeAcquireSpinLock
    !(name in callee) {
        line = $0
        while (match(line, /[A-Za-z_][A-Za-z_0-9]*\(/)) {
            called = substr(line, RSTART, RLENGTH - 1)
            line = substr(line, RSTART + RLENGTH)
            if (called in known && called != name) { callee[name] = called; break }
        }
    }
    END {
        for (name in known) {
            at = name
            for (i = 0; i < 5 && !(at in level) && (at in callee); i++) at = callee[at]
            text = at in level ? level[at] : "unknown"
            print name "\t" text
        }
    }' "$work/names" mpio/nt/*.c mpio/core/*.c mpio/port/*.c | sort |
    awk -F'\t' '
        function words(level) {
            if (level == "unknown") return "-"
            if (level == "HIGH_LEVEL") return "any"
            if (level == "PASSIVE_LEVEL") return level
            if (level == "case") return "<= DISPATCH_LEVEL; ignoring case PASSIVE_LEVEL"
            if (level == "above") return ">= DISPATCH_LEVEL"
            if (split(level, part, / [?:] /) == 3) return "<= " part[3] "; with " part[1] " <= " part[2]
            return "<= " level
        }
        { print $1 "\t" words($2) }' >"$work/levels"

bad=0
awk -F'\t' '$5 == 0 { print "routines: " $1 " (" $2 ") is declared without a comment" }' "$work/declared" >"$work/bare"
[ -s "$work/bare" ] && { cat "$work/bare"; bad=1; }

rows() { # list, or "-" for what is declared only
    if [ "$1" = - ]; then
        awk -F'\t' '$3 == 1 { print $1 }' "$work/declared"
    else
        awk '/^[ \t]*(;|LIBRARY|EXPORTS)/ { next } NF { print $1 }' "ddk/lib/$1.def"
    fi | sort | join -t "$(printf '\t')" - "$work/declared" | join -t "$(printf '\t')" - "$work/levels" |
        awk -F'\t' '{
            status = $3 == 1 ? "declared only" : $4 != "-" ? "with limits" : "honoured"
            note = $4 == "-" ? "" : $4
            gsub(/\|/, "\\|", note)
            gsub(/\|/, "\\|", $6)
            printf "| `%s` | %s | %s | `%s` | %s |\n", $1, $3 == 1 ? "" : $6, status, $2, note
        }'
}
table() { # list
    echo
    echo '| routine | IRQL | status | header | notes |'
    echo '|---|---|---|---|---|'
    rows "$1"
}
make_page() {
    cat <<'P'
# Routines

Made by `tools/routines.sh` from the export lists, the headers' comments and the code; do not edit.

*Honoured*: what is published holds, its IRQL is checked at every call (KE-IRQL-01). *With limits*: all but what the
note says. *Declared only*: sources that name it compile, but the routine is not exported; an image that calls it is
refused by name when it is linked (`.sys`) or loaded (`.so`). The level is the highest one allowed; *any*: every level at
which the memory may be touched; *-*: not checked here (releases of locks check their acquire instead).
P
    for image in ntoskrnl mpio storport wmilib; do
        [ -f "ddk/lib/$image.def" ] || continue
        printf '\n## %s\n\n' "$(awk '$1 == "LIBRARY" { print $2 }' "ddk/lib/$image.def")"
        echo "$(rows $image | wc -l) routines, $(rows $image | grep -c '| with limits |') of them with limits."
        [ $image = ntoskrnl ] && echo "HAL.dll gives the names of \`ddk/lib/hal.def\`, C library names are those of \`crt.def\`."
        table $image
    done
    printf '\n## Declared only\n\n%s routines.\n' "$(rows - | wc -l)"
    table -
}
make_page >"$work/page"
if [ "${1:-}" = check ]; then
    cmp -s "$work/page" "$page" || { echo "$page is not what tools/routines.sh makes of the headers and the code"; bad=1; }
    exit $bad
fi
cp "$work/page" "$page"
exit $bad
