#!/bin/sh
# SPDX-License-Identifier: MIT
# Every name that a DSM may take from the WDK (surface.names) is used by the DSM in wdkdsm/, a tree in the WDK's manner, and
# that tree compiles and links unchanged: gcc and clang, mingw for x64 and x86, clang with Microsoft's language; -O0 and -O2;
# DBG 0 and 1. The default does a few of these, `surface.sh all` each combination. Last line: `surface: N passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
tree=$ddk/tests/wdkdsm
long=${1:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
passed=0 failed=0
check() { # name, command: silent when it succeeds
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL surface: $name"
        { grep -E 'error|warning: |undefined|^missing' "$work/output" || tail -5 "$work/output"; } | head -12 | sed 's/^/    /'
    fi
}
have() { command -v "$1" >/dev/null; }

# ---- the names -------------------------------------------------------------------------------------------
# Sources without comments; the text of strings stays: routines are also looked for by name.
sources() {
    for file in "$tree"/*.c "$tree"/*.h "$tree"/*.rc; do
        printf '#line 1\n'
        sed -e 's|^[ \t]*//.*||' -e 's|[ \t]//[^"]*$||' "$file" |
            awk '{ line = $0; out = ""
                   while (length(line)) {
                       if (inside) { at = index(line, "*/"); if (!at) break; line = substr(line, at + 2); inside = 0; continue }
                       at = index(line, "/*"); if (!at) { out = out line; break }
                       out = out substr(line, 1, at - 1) " "; line = substr(line, at + 2); inside = 1
                   }
                   print out }'
    done
}
names() {
    sources >"$work/stripped"
    tr -c 'A-Za-z0-9_' '\n' <"$work/stripped" | sort -u >"$work/words"
    sed -n 's/^[ \t]*#[ \t]*include[ \t]*[<"]\([^>"]*\)[>"].*/\1/p' "$work/stripped" | sort -u >"$work/includes"
    awk -v words="$work/words" -v includes="$work/includes" '
        BEGIN {
            while ((getline word <words) > 0) used[word] = 1
            while ((getline word <includes) > 0) header[word] = 1
        }
        /^#/ || NF == 0 { next }
        { total++; kinds[$1]++ }
        seen[$1, $2]++ { print "missing: " $2 " is listed twice"; wrong++ }
        $1 == "header" { if (!header[$2] && NF == 2) { print "missing: header " $2; wrong++ }; next }
        $1 == "member" {
            parts = split($2, part, ".")
            ok = used[part[1]] || used["P" part[1]]
            for (i = 2; i <= parts; i++) if (!used[part[i]]) ok = 0
            if (!ok && NF == 2) { print "missing: member " $2; wrong++ }
            next
        }
        !used[$2] && NF == 2 { print "missing: " $1 " " $2; wrong++ }
        used[$2] && NF > 2 { print "missing: nothing: " $2 " is used, its excuse in surface.names is not needed"; wrong++ }
        END {
            list = ""
            for (kind in kinds) list = list " " kind " " kinds[kind]
            print total " names:" list >"/dev/stderr"
            exit wrong != 0
        }' "$ddk/tests/surface.names" 2>"$work/total"
}
check "each name is used" names
grep 'names:' "$work/total"

# ---- the tree, outside ours -----------------------------------------------------------------------------------
cp -r "$tree" "$work/tree"
build() { # directory, make arguments
    directory=$1
    shift
    # The WDK's own habits stay warnings: multi-character constants are switched off by dsm.mk. The rest is an error.
    make -s -j2 -C "$work/tree" DDK="$ddk" BUILD="$work/$directory" DDK_TOOLS="$work/tools" CFLAGS=-Werror "$@"
}
check "gcc -O2 .so" build gcc-2-0 so
if have x86_64-w64-mingw32-gcc; then check "mingw x64 -O2 .sys" build mingw-2-0 sys; fi
if have clang; then check "clang -O0 DBG=1 .so" build clang-0-1 so CC=clang OPT=-O0 DBG=1; fi
if [ -n "$long" ]; then
    for opt in 0 2; do
        for dbg in 0 1; do
            set -- OPT=-O$opt DBG=$dbg
            [ "$opt$dbg" = 20 ] || check "gcc -O$opt DBG=$dbg .so" build gcc-$opt-$dbg so "$@"
            if have clang && [ "$opt$dbg" != 01 ]; then check "clang -O$opt DBG=$dbg .so" build clang-$opt-$dbg so CC=clang "$@"; fi
            if have x86_64-w64-mingw32-gcc && [ "$opt$dbg" != 20 ]; then
                check "mingw x64 -O$opt DBG=$dbg .sys" build mingw-$opt-$dbg sys "$@"
            fi
            if have i686-w64-mingw32-gcc; then check "mingw x86 -O$opt DBG=$dbg .sys" build x86-$opt-$dbg ARCH=x86 sys "$@"; fi
            if have lld-link && have clang; then
                check "msvc-clang x64 -O$opt DBG=$dbg .sys" build msvc-$opt-$dbg TOOLCHAIN=msvc-clang sys "$@"
            fi
        done
    done
    if have lld-link && have clang; then check "msvc-clang x86 .sys" build msvc-x86 TOOLCHAIN=msvc-clang ARCH=x86 sys; fi
    if have aarch64-linux-gnu-gcc; then
        check "aarch64 .so" build arm64 so CC=aarch64-linux-gnu-gcc
    fi
    check "sanitized .so" build san so SAN=1
    check "debug print in place of WPP" build kdprint so DBG=1 DEFINES=DEBUG_USE_KDPRINT
    # The build file of the WDK says the same as our Makefile.
    (cd "$work/tree" && sh "$ddk/tools/mpio-cc" --mof wdkdsm.mof=wdkdsmwmi.h --mof wdkglobal.mof=wdkdsmdsm.h \
        --sources sources -o "$work/from-sources.so") >"$work/sources.log" 2>&1
    check "mpio-cc --sources sources" sh -c "[ -s '$work/from-sources.so' ] || { cat '$work/sources.log'; false; }"
fi
echo "surface: $passed passed, $failed failed"
[ "$failed" = 0 ]
