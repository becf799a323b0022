#!/bin/sh
# SPDX-License-Identifier: MIT
# Drivers as Microsoft's compiler makes them: inline reads of the system's shared data, gs and cr8; __try, __except, __finally over
# faults of the processor and exceptions of the kernel; and every bad end with its report. `msvc.sh [all]`; MPIO, ASAN_MPIO,
# WIN_MPIO name other builds.
cd "$(dirname "$0")/../../.." || exit 2
top=$PWD
MPIO=${MPIO:-$top/build/rel/bin/mpio}
ASAN_MPIO=${ASAN_MPIO:-$top/build/asan/bin/mpio}
WIN_MPIO=${WIN_MPIO:-$top/build/win/bin/mpio.exe}
for tool in clang lld-link llvm-dlltool x86_64-w64-mingw32-gcc; do
    command -v $tool >/dev/null || { echo "msvc: skipped: no $tool (clang, lld, llvm, gcc-mingw-w64-x86-64)"; echo "msvc: 0 passed, 0 failed"; exit 0; }
done
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0 failed=0
check() { # name, condition as text, file to show when it is false
    if eval "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "msvc: $1:"
        [ -n "${3:-}" ] && head -12 "$3" | sed 's/^/    /'
    fi
}
run() { # output file, options of mpio run...
    out=$1
    shift
    timeout 120 ${program:-$MPIO} run --dsm "$dsm" --dsm "$driver" --topology world.ini --for 1s --verbose "$@" >"$out" 2>&1 </dev/null
}
hash_of() { sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"; }
end_badly() { # how (msvc.c: EndBadly)
    printf 'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\msvc]\n"EndBadly"=dword:%08x\n' "$1" >how.reg
}
bad_end() { # how, what the report says (two texts)
    how=$1 one=$2 two=$3
    end_badly "$how"
    run bad.out
    check "bad end $how: $one, $two" 'grep -qF -- "$one" bad.out && grep -qF -- "$two" bad.out && grep -q "EndBadly at .*msvc.c:" bad.out' bad.out
}
sed 's/^\[machine node0\]/&\nregistry = how.reg/' "$top/docs/examples/two-paths.ini" >world.ini
end_badly 0

make -s -C "$top/dsm_sample" DDK="$top/ddk" BUILD="$work/sample" sys >build.log 2>&1
dsm=sample/dsm_sample.sys
for opt in -O2 -O0 -Os; do
    make -s -C "$top/mpio/load/tests/msvc" BUILD="$work/driver$opt" OPT=$opt sys >>build.log 2>&1
    check "the driver builds with $opt" '[ $? = 0 ]' build.log
    driver=driver$opt/msvc.sys
    run good$opt.out
    check "$opt: inline reads and exceptions are right" '[ $? = 0 ] && grep -q "msvc ends with 0" good$opt.out' good$opt.out
done
driver=driver-O2/msvc.sys
check "a failed NT_ASSERT is told and the driver goes on" 'grep -q "Assertion failed: NT_ASSERT, file msvc.sys+0x" good-O2.out' good-O2.out
run explore.out --explore --seed 7
check "explore mode" '[ $? = 0 ] && grep -q "msvc ends with 0" explore.out' explore.out

bad_end 1 KE-FAULT-02 "instruction cli (bytes FA) at msvc.sys+0x"
bad_end 2 "P1, code: 0x139" "P2, first parameter: 0x9"
bad_end 3 KE-FAULT-02 "kind: breakpoint"
bad_end 4 KE-FAULT-02 "kind: breakpoint"
bad_end 5 KE-FAULT-02 "instruction rdmsr (bytes F32)"
bad_end 6 KE-FAULT-01 "address: 0xfffff78000000320"
bad_end 7 KE-FAULT-01 "address: 0xfffff78000001000"
bad_end 8 KE-WAIT-01 "IRQL: 2 (DISPATCH_LEVEL)"
bad_end 9 "P1, code: 0x1e" "P2, first parameter: 0x80000011"
bad_end 10 KE-FAULT-01 "address: 0x10"
bad_end 11 KE-FAULT-01 "guarded.c:"
bad_end 12 KE-FAULT-01 "address: 0xffff800000000000"
bad_end 14 "instruction mov of a control register other than cr8" KE-FAULT-02
bad_end 15 KE-FAULT-01 "address: 0x4000"
bad_end 16 "P1, code: 0x1e" "P2, first parameter: 0xc0000025"
[ "${1:-}" = all ] && bad_end 13 KE-HANG-02 "no progress"
end_badly 0

if [ -x "$ASAN_MPIO" ]; then
    program=$ASAN_MPIO run asan.out
    check "with AddressSanitizer: the same event stream" \
        '[ $? = 0 ] && ! grep -qE "runtime error|ERROR: " asan.out && [ "$(hash_of asan.out)" = "$(hash_of good-O2.out)" ]' asan.out
fi
if command -v wine >/dev/null && [ -f "$WIN_MPIO" ]; then
    export WINEPREFIX="${WINEPREFIX:-$top/build/wine/prefix}" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
    [ -f "$WINEPREFIX/system.reg" ] || { mkdir -p "$WINEPREFIX" && timeout 120 wine wineboot -i >wine.log 2>&1 </dev/null; }
    cp "$WIN_MPIO" mpio.exe && program="wine mpio.exe"
    run wine.out
    check "under Wine: the same event stream" '[ $? = 0 ] && [ "$(hash_of wine.out)" = "$(hash_of good-O2.out)" ]' wine.out
    for how in 1 3 5 6 7 9 11 12 14 15 16; do # the others: docs/internals/msvc-binaries.md, limits
        end_badly $how
        program= run linux.out
        run wine.out
        check "bad end $how under Wine: the same rule and parameters" \
            '[ "$(grep -E "stopped:|P[12]," wine.out)" = "$(grep -E "stopped:|P[12]," linux.out)" ] && grep -q "EndBadly at" wine.out' wine.out
    done
fi
echo "msvc: $passed passed, $failed failed"
[ "$failed" = 0 ]
