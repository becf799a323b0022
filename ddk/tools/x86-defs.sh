#!/bin/sh
# SPDX-License-Identifier: MIT
# The x86 export lists, ddk/lib/x86/*.def: as ddk/lib/*.def, each name as an x86 object asks for it
# (stdcall NAME@bytes, fastcall @NAME@bytes, variadic NAME). They are what clang writes into an object
# that takes the address of every routine, with -mrtd as drivers are compiled. Without an argument:
# prints what is out of date, exit status 1 then. `write`: makes the lists anew. Needs clang, as
# gcc -mrtd leaves the names undecorated.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
LC_ALL=C
export LC_ALL
CLANG=${CLANG:-clang}
command -v "$CLANG" >/dev/null || { echo "x86-defs.sh: $CLANG is not here; install clang or set CLANG" >&2; exit 2; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
for image in ntoskrnl mpio storport wmilib hal; do
    list=$ddk/lib/$image.def
    awk '/^[ \t]*(;|LIBRARY|EXPORTS)/ { next } NF { print $1 }' "$list" >"$work/names"
    {
        (cd "$ddk/include" && ls ./*.h openmpio/*.h) | sed 's,^\(\./\)*\(.*\),#include <\2>,'
        awk '{ print "#undef " $1 "\nconst void *const address_of_" $1 " = (const void *)" $1 ";" }' "$work/names"
    } >"$work/all.c"
    "$CLANG" --target=i686-pc-windows-msvc -mrtd -fms-compatibility -fms-extensions -ffreestanding -nostdinc -w \
        -I"$ddk/include/crt" -I"$ddk/include" -c "$work/all.c" -o "$work/all.o" 2>"$work/errors" || {
        echo "$image.def: cannot be compiled for x86:"
        grep error: "$work/errors" | head -5
        bad=1
        continue
    }
    # Undefined are the routines, as __imp__NAME@N, __imp_@NAME@N or without the prefix.
    nm -u "$work/all.o" | awk '{ sub(/^__imp_/, "", $2); sub(/^_/, "", $2); print "    " $2 }' >"$work/decorated"
    {
        sed -n '/SPDX/p' "$list"
        echo "; Made by ddk/tools/x86-defs.sh from ../$image.def and the headers."
        grep '^LIBRARY' "$list"
        echo "EXPORTS"
        # In the order of the list: by the name without its decoration.
        awk '{ name = $1; sub(/^@/, "", name); sub(/@[0-9]+$/, "", name); print name, $1 }' "$work/decorated" |
            sort | awk '{ print "    " $2 }'
    } >"$work/new"
    [ "$(grep -c '^ ' "$work/new")" = "$(wc -l <"$work/names")" ] || {
        echo "$image.def: $(wc -l <"$work/names") names, but $(grep -c '^ ' "$work/new") of them are routines that can be imported"
        bad=1
        continue
    }
    if [ "${1:-}" = write ]; then
        mkdir -p "$ddk/lib/x86"
        cp "$work/new" "$ddk/lib/x86/$image.def"
    elif ! diff "$ddk/lib/x86/$image.def" "$work/new" >"$work/difference" 2>&1; then
        echo "ddk/lib/x86/$image.def is out of date; run ddk/tools/x86-defs.sh write"
        grep '^[<>]' "$work/difference" | head -5
        bad=1
    fi
done
exit $bad
