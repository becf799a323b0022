#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares ddk/include with mingw-w64's DDK and Win32 headers: every type, structure member,
# enumerator, constant macro and routine prototype that both declare, as the two mingw-w64
# compilers (x64 and i686) see them. Types come out of the debug information
# (conformance/types.awk), constants out of the assembler output. conformance/allowed.txt names the
# differences that are mingw's, each with its reason; any other is a fault of ours, and so is an
# entry that no longer differs. Prints what was compared; last line: `N passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
here=$ddk/tests/conformance
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
passed=0 failed=0
version="-DNTDDI_VERSION=0x0A000000 -D_WIN32_WINNT=0x0A00"
ours="-nostdinc -ffreestanding -I$ddk/include/crt -I$ddk/include -include $here/ours.h"

flags() { # side: compiler flags that make one side's declarations visible
    case $1 in
    ours) echo "$ours" ;;
    *) echo "-I$mingw/ddk -include $here/$1.h" ;;
    esac
}

# Compiles a file of one probe per line, dropping the lines that the compiler refuses (names that
# are no constant, or no routine, here) until the rest goes through.
probe() { # side, -S or -c, file with probes, product, more flags
    rounds=0
    # shellcheck disable=SC2046,SC2086
    until $cc $version -fms-extensions -w -g0 -fmax-errors=0 -ftrack-macro-expansion=0 $5 $(flags "$1") \
        "$2" "$3" -o "$4" 2>"$work/errors"; do
        rounds=$((rounds + 1))
        sed -n -e "s,^$3:\([0-9]*\):.*error:.*,\1,p" -e "s,.*In function 'p\([0-9]*\)'.*,\1,p" \
            "$work/errors" | sort -un >"$work/bad"
        if [ $rounds -gt 12 ] || [ ! -s "$work/bad" ]; then
            head -5 "$work/errors"
            return 1
        fi
        awk 'NR == FNR { bad[$1]; next } { print FNR in bad ? "" : $0 }' "$work/bad" "$3" >"$work/kept"
        mv "$work/kept" "$3"
    done
}

macros() { # side: names of macros that may be constants
    # shellcheck disable=SC2046,SC2086
    echo | $cc $version -fms-extensions $(flags "$1") -E -dM - |
        awk '$2 !~ /\(/ && $2 !~ /^_/ && NF > 2 && !/[{";]|__attribute__|__asm__|__declspec/ { print $2 }' |
        sort >"$work/$1.macros"
}

# One run of the compiler for constants that the names in "both" stand for, one for types and
# prototypes.
constants() { # side; 0x4E4F4E45 stands for "no constant"
    awk '{ printf "void p%d(void) { __asm__ volatile(\"\\n#= macro %s = %%0\" :: \"i\"(__builtin_choose_expr(__builtin_constant_p(%s), (long long)(%s), 0x4E4F4E45LL))); }\n", NR, $1, $1, $1 }' \
        "$work/both" >"$work/probe.c"
    probe "$1" -S "$work/probe.c" "$work/probe.s" || return 1
    sed -n '/ \$1313820229$/d; s/^#= \(macro [^ ]* = \)\$\(-*[0-9][0-9]*\)$/\1\2/p' "$work/probe.s" >>"$work/$1.facts"
}
types() { # side; names that do not occur are left out first: gcc takes long over each
    # shellcheck disable=SC2046,SC2086
    echo | $cc $version -fms-extensions $(flags "$1") -E - | tr -cs 'A-Za-z0-9_' '\n' | sort -u |
        comm -12 - "$work/routines" >"$work/there"
    awk '{ printf "typedef __typeof__(%s) conformance_%s;\n", $1, $1 }' "$work/there" >"$work/probe.c"
    probe "$1" -c "$work/probe.c" "$work/probe.o" "-g -gdwarf-5 -fno-eliminate-unused-debug-types" || return 1
    ${cc%gcc}objdump --dwarf=info "$work/probe.o" | awk -f "$here/types.awk" >>"$work/$1.facts"
}
compare() { # side
    macros "$1"
    comm -12 "$work/ours.macros" "$work/$1.macros" >"$work/both"
    constants ours && constants "$1" && types "$1"
}

awk '/^[ \t]*(;|LIBRARY|EXPORTS)/ { next } { print $1 }' "$ddk"/lib/*.def | sort -u >"$work/routines"
for cc in x86_64-w64-mingw32-gcc i686-w64-mingw32-gcc; do
    command -v $cc >/dev/null || { echo "skip: $cc is not here"; continue; }
    case $cc in x86_64*) arch=x64 ;; *) arch=x86 ;; esac
    mingw=$(echo | $cc -xc -E -v - 2>&1 | sed -n 's,^ \(/.*mingw32/include\)$,\1,p' | tail -1)
    rm -f "$work"/*.facts
    macros ours
    types ours || { echo "FAIL $arch our own headers"; failed=$((failed + 1)); continue; }
    for side in mingw-kernel mingw-storport mingw-win32; do
        compare $side || { echo "FAIL $arch $side"; failed=$((failed + 1)); }
    done
    sort -u "$work"/mingw-*.facts >"$work/theirs"
    sort -u "$work/ours.facts" >"$work/ours"
    awk -v arch=$arch -f "$here/compare.awk" "$here/allowed.txt" "$work/ours" "$work/theirs" >"$work/report"
    grep -v '^counts ' "$work/report"
    failed=$((failed + $(grep -c '^FAIL ' "$work/report")))
    passed=$((passed + $(sed -n 's/^counts same //p' "$work/report")))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
