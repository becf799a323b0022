#!/bin/sh
# SPDX-License-Identifier: MIT
# The views of NTDDI_VERSION: in each the structures have that system's sizes, for x64, x86 and
# aarch64 (views/layout.c), and a DSM written for it builds and - with a `mpio` program at hand,
# $MPIO or build/rel/bin/mpio - registers as the DSM type of its time (views/view.c).
# Last line: `N passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
mpio=${MPIO:-$ddk/../build/rel/bin/mpio}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # name, command
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL views: $name"
        head -10 "$work/output" | sed 's/^/    /'
    fi
}
compilers="x86_64-w64-mingw32-gcc i686-w64-mingw32-gcc gcc clang i686-linux-gnu-gcc aarch64-linux-gnu-gcc"
layout() { # compiler, NTDDI_VERSION
    case $1 in
    *mingw32*) extra=-nostdinc ;;
    i686-linux*) extra="-fshort-wchar -malign-double" ;;
    clang) extra="-fshort-wchar -Wno-microsoft-anon-tag -Wno-four-char-constants" ;;
    *) extra=-fshort-wchar ;;
    esac
    # shellcheck disable=SC2086
    $1 -std=gnu11 -ffreestanding -fms-extensions -Wall -Werror -Wno-multichar $extra "-DNTDDI_VERSION=$2" \
        "-I$ddk/include/crt" "-I$ddk/include" -fsyntax-only "$ddk/tests/views/layout.c"
}
registers() { # DSM, type: the run itself may find errors, since nobody takes its disk
    "$mpio" run --quiet --dsm "$1" --topology "$work/topology.ini" --for 1s --trace "$work/trace" \
        >"$work/run" 2>&1
    grep -q "dsm-register.* type=$2 .*status=0" "$work/trace" || { cat "$work/run"; grep -i regist "$work/trace"; false; }
}
printf '[machine node0]\n[hba hba0]\n[array array0]\n[lun disk]\n[link path0]\n' >"$work/topology.ini"
cp "$ddk/tests/views/view.c" "$ddk/tests/views/Makefile" "$work/"

for view in 0x05000000:1 0x05020000:3 0x06000100:4 0x06010000:5 0x06020000:6 0x0A000000:6; do
    version=${view%:*} type=${view#*:}
    for cc in $compilers; do
        command -v "$cc" >/dev/null && check "layout $version $cc" layout "$cc" "$version"
    done
    check "build $version" make -s -C "$work" "DDK=$ddk" "NTDDI=$version" "BUILD=b$version" so \
        CFLAGS=-Werror
    [ -x "$mpio" ] && check "type $type registers" registers "$work/b$version/view.so" "$type"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
