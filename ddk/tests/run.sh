#!/bin/sh
# SPDX-License-Identifier: MIT
# All tests of ddk/: headers alone and shuffled, layouts in every compiler, views of older systems,
# conformance with mingw-w64, bit-fields and inlines at run time, export lists, and a three-line
# vendor Makefile built as .so and .sys. `quick`
# leaves out the sanitizer and debug builds and takes one shuffle instead of three. Last line: `N
# passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
quick=${1:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # name, command: silent when it succeeds
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        head -20 "$work/output" | sed 's/^/    /'
    fi
}
have() { command -v "$1" >/dev/null; }
pe=x86_64-w64-mingw32-gcc

# ---- headers ----
ROUNDS=$([ "$quick" ] && echo 1 || echo 3) sh "$ddk/tests/headers.sh" >"$work/headers"
grep -v '^ok ' "$work/headers"
passed=$((passed + $(grep -c '^ok ' "$work/headers")))
failed=$((failed + $(grep -c '^FAIL ' "$work/headers")))

# ---- layouts ----
common="-fms-extensions -fsyntax-only -Wall -Werror -Wno-multichar"
framework="-std=gnu11 $common -I$ddk/include"
freestanding="$common -ffreestanding -I$ddk/include/crt -I$ddk/include"
native="$freestanding -fshort-wchar -mms-bitfields"
for test in layout_values layout_storage layout_kernel layout_ia64; do
    for cc in gcc clang; do
        have $cc || continue
        [ $cc = clang ] && quiet="-Wno-microsoft-anon-tag -Wno-four-char-constants" || quiet=
        check "$test framework $cc" $cc $framework $quiet "$ddk/tests/$test.c"
        check "$test native $cc" $cc $native $quiet "$ddk/tests/$test.c"
    done
    have $pe && check "$test PE" $pe $freestanding -nostdinc "$ddk/tests/$test.c"
    have aarch64-linux-gnu-gcc &&
        check "$test aarch64" aarch64-linux-gnu-gcc $freestanding -fshort-wchar "$ddk/tests/$test.c"
done
have i686-w64-mingw32-gcc &&
    check "layout_x86 PE" i686-w64-mingw32-gcc $freestanding -nostdinc "$ddk/tests/layout_x86.c"
have i686-linux-gnu-gcc &&
    check "layout_x86 native" i686-linux-gnu-gcc $native -malign-double "$ddk/tests/layout_x86.c"

# ---- views of NTDDI_VERSION, conformance with mingw-w64's headers: scripts of their own ----
part() { # script: its last line is "N passed, N failed"
    sh "$ddk/tests/$1" >"$work/part"
    sed '$d' "$work/part"
    passed=$((passed + $(sed -n '$s/ passed.*//p' "$work/part")))
    failed=$((failed + $(sed -n '$s/.*passed, \([0-9]*\) failed/\1/p' "$work/part")))
}
part views.sh
part conformance.sh

# ---- run time ----
bits() { # compiler and flags
    "$@" -std=gnu11 -fms-extensions -I"$ddk/include" "$ddk/tests/layout_bits.c" -o "$work/bits" &&
        "$work/bits"
}
inlines() { # compiler and flags
    "$@" -ffreestanding -fcommon -fms-extensions -fshort-wchar -mms-bitfields -g -Wall -Werror \
        -Wno-multichar -I"$ddk/include/crt" -I"$ddk/include" "$ddk/tests/inlines.c" \
        "$ddk/lib/dsmlib/wide.c" "$ddk/lib/dsmlib/narrow.c" "$ddk/lib/dsmlib/version.c" \
        -o "$work/inlines" && "$work/inlines"
}
for cc in gcc clang; do
    have $cc || continue
    check "bit-fields $cc" bits $cc
    check "bit-fields $cc -mms-bitfields" bits $cc -mms-bitfields
    check "inlines $cc -O0" inlines $cc -O0
    check "inlines $cc -O2" inlines $cc -O2
done
[ "$quick" ] || check "inlines sanitized" inlines gcc -O1 -fsanitize=address,undefined \
    -fno-sanitize-recover=undefined

# ---- exports ----
check "export lists" sh "$ddk/tools/check-exports.sh"

# ---- a vendor's tree, outside ours ----
vendor=$work/vendor
cp -r "$ddk/tests/vendor" "$vendor"
build() { # make arguments
    make -s -C "$vendor" DDK="$ddk" "$@" CFLAGS=-Werror
}
imports_only() { # image: every undefined or imported routine is one that the lists name
    case $1 in
    *.so) nm -D --undefined-only "$1" | awk '$1 == "U" { print $2 }' | grep -v '@' ;;
    *.sys) ${pe%gcc}objdump -p "$1" |
        awk '/DLL Name/ { on = 1 } on && /export table/ { exit }
             on && NF == 3 && $2 ~ /^[0-9]+$/ { print $3 }' ;;
    esac | sort -u >"$work/imports"
    awk '/^[ \t]*(;|LIBRARY|EXPORTS)/ { next } { print $1 }' "$ddk"/lib/*.def |
        sort -u >"$work/names"
    [ -s "$work/imports" ] && [ -z "$(comm -23 "$work/imports" "$work/names" | tee /dev/stderr)" ]
}
check "vendor .so" build so
check "vendor .so imports" imports_only "$vendor/build/vendor.so"
check "vendor .so -O0 checked" build so BUILD=build-o0 OPT=-O0 DBG=1
have clang && check "vendor .so clang" build so BUILD=build-clang CC=clang
if have $pe; then
    check "vendor .sys" build vendor.sys
    check "vendor .sys imports" imports_only "$vendor/build/vendor.sys"
    check "vendor .sys -O0 checked" build sys BUILD=build-o0 OPT=-O0 DBG=1
fi
if [ -z "$quick" ]; then
    check "vendor .so sanitized" build so BUILD=build-san SAN=1
    check "vendor .so coverage" build so BUILD=build-cov COV=1
    mkdir -p "$work/prefix/share/openmpio" && cp -r "$ddk" "$work/prefix/share/openmpio/"
    check "vendor .so from an installed prefix" make -s -C "$vendor" BUILD=build-prefix \
        DDK="$work/prefix/share/openmpio/ddk"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
