#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares the export lists (ddk/lib/*.def) with the headers: an image's list and the routines
# that are declared with its word (NTKERNELAPI, MPIOAPI, STORPORT_API, WMILIBAPI) must be the same names;
# hal.def, the names that older images import from HAL.dll, must be part of ntoskrnl.def; the x86
# lists must be current (x86-defs.sh; left out when clang is not here). With `write` the three lists
# and the x86 ones are made anew from the headers. Prints what differs; exit status 1 then.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
LC_ALL=C
export LC_ALL
declared() { # word: the names declared with it, sorted
    cat "$ddk"/include/*.h "$ddk"/include/openmpio/*.h | awk -v word="$1" '
        $1 == "#define" { next }
        $1 == word { text = ""; open = 1 }
        open {
            text = text " " $0
            if ($0 ~ /;/) {
                open = 0
                sub(/\(.*/, "", text)
                sub(/[ \t]+$/, "", text)
                sub(/.*[ \t*]/, "", text)
                print text
            }
        }' | sort
}
listed() { # image: the names of its list, in file order
    awk '/^[ \t]*(;|LIBRARY|EXPORTS)/ { next } NF { print $1 }' "$ddk/lib/$1.def"
}
write() { # image, file name of the image, word
    {
        echo "; SPDX-License-Identifier: MIT"
        echo "; What $2 exports: every routine declared with $3."
        echo "LIBRARY $2"
        echo "EXPORTS"
        declared "$3" | sed 's/^/    /'
    } >"$ddk/lib/$1.def"
}
if [ "${1:-}" = write ]; then
    write ntoskrnl ntoskrnl.exe NTKERNELAPI
    write mpio mpio.sys MPIOAPI
    write storport storport.sys STORPORT_API
    write wmilib wmilib.sys WMILIBAPI
fi
bad=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
for pair in ntoskrnl:NTKERNELAPI mpio:MPIOAPI storport:STORPORT_API wmilib:WMILIBAPI; do
    image=${pair%%:*}
    declared "${pair##*:}" >"$work/declared"
    listed "$image" >"$work/listed"
    sort "$work/listed" >"$work/sorted"
    cmp -s "$work/listed" "$work/sorted" || { echo "$image.def: not sorted"; bad=1; }
    uniq -d "$work/sorted" | sed "s/.*/$image.def: & is listed twice/" >"$work/say"
    uniq -d "$work/declared" | sed "s/.*/headers: & is declared twice/" >>"$work/say"
    comm -23 "$work/sorted" "$work/declared" |
        sed "s/.*/$image.def: & is not declared in any header/" >>"$work/say"
    comm -13 "$work/sorted" "$work/declared" |
        sed "s/.*/$image.def: & is missing; run ddk\/tools\/check-exports.sh write/" >>"$work/say"
    [ -s "$work/say" ] && { cat "$work/say"; bad=1; }
done
listed ntoskrnl | sort >"$work/kernel"
listed hal | sort | comm -23 - "$work/kernel" |
    sed 's/.*/hal.def: & is not in ntoskrnl.def/' >"$work/say"
[ -s "$work/say" ] && { cat "$work/say"; bad=1; }
if command -v "${CLANG:-clang}" >/dev/null; then
    sh "$ddk/tools/x86-defs.sh" $1 || bad=1
fi
exit $bad
