#!/bin/sh
# SPDX-License-Identifier: MIT
# The Windows build under Wine: mpio.exe and PE images of the sample must give the event streams, reports, bug checks and exit
# codes of the native program and the .so. Wine's prefix (700 MB, 10 s to make) is kept in build/wine/prefix.
# `wine.sh all`: every broken copy and every scenario, 200 seeds, and the unit tests of more rooms.
cd "$(dirname "$0")/../../.." || exit 2
top=$PWD
native=${MPIO:-$top/build/rel/bin/mpio}
long=${1:-}
skip() {
    echo "SKIP wine: $1"
    echo "wine: 0 passed, 0 failed"
    exit 0
}
command -v x86_64-w64-mingw32-gcc >/dev/null || skip "no x86_64-w64-mingw32-gcc (Debian: gcc-mingw-w64-x86-64)"
wine=/usr/lib/wine/wine64
[ -x "$wine" ] || wine=$(command -v wine64 || command -v wine) || skip "no wine (Debian: wine64)"
server=/usr/lib/wine/wineserver64
[ -x "$server" ] || server=$(command -v wineserver) || skip "no wineserver (Debian: wine64)"

work=$top/build/check/wine
rm -rf "$work" && mkdir -p "$work" "$top/build/wine" || exit 2
WINEPREFIX=$top/build/wine/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES
unset DISPLAY
trap '"$server" -k' EXIT
trap 'exit 1' INT TERM
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "wine: $*"
}
is() { # what, text, wanted text
    [ "$2" = "$3" ] && good || bad "$1: '$2', not '$3'"
}
says() { # what, file, text
    grep -qF -- "$3" "$2" && good || bad "$1: no '$3' in: $(head -c 200 "$2")"
}
# Adds the sums of another script's last line; shows its complaints.
part() { # name, command...
    name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 </dev/null
    counts=$(sed -n 's/^[a-z]*: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/$name.log" | tail -1)
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    case $counts in
    '') bad "$name: no sum; see $work/$name.log" ;;
    *' 0') ;;
    *) grep -v ' passed, ' "$work/$name.log" | head -20 ;;
    esac
}

# ---- build; the program's copy stays while somebody builds ----
if ! make -s -j2 CFG=win all >"$work/build.log" 2>&1; then
    bad "mpio.exe does not build: $(grep -m1 -E 'error|Error' "$work/build.log")"
    echo "wine: $passed passed, $failed failed"
    exit 1
fi
cp build/win/bin/mpio.exe "$native" "$work/" || exit 2
native=$work/mpio
make -s -C dsm_sample DDK=../ddk BUILD="$work/dsm" so sys >"$work/dsm.log" 2>&1 || bad "the sample does not build: $(tail -1 "$work/dsm.log")"
so=$work/dsm/dsm_sample.so sys=$work/dsm/dsm_sample.sys
mpio=$work/wine-mpio
printf '#!/bin/sh\nexec "%s" "%s" "$@" </dev/null\n' "$wine" "$work/mpio.exe" >"$mpio" && chmod +x "$mpio"
if [ ! -f "$WINEPREFIX/system.reg" ]; then
    timeout 120 "$wine" wineboot -i >"$work/prefix.log" 2>&1 </dev/null
fi
"$server" -p # stays between the runs; ended above

run() { # name, arguments of mpio...: output to $work/NAME.out; sets code
    name=$1
    shift
    timeout 100 "$mpio" "$@" >"$work/$name.out" 2>&1
    code=$?
}

# ---- usage, exit codes, errors ----
run version --version
is "exit code of --version" "$code $(cat "$work/version.out")" "0 $("$native" --version)"
run usage no-such-command
is "exit code of an unknown command" "$code" 2
run check check-topology docs/examples/demo.ini
"$native" check-topology docs/examples/demo.ini >"$work/check.native"
cmp -s "$work/check.out" "$work/check.native" && good || bad "check-topology differs from the native one"
run missing run --dsm "$work/none.sys" --topology docs/examples/demo.ini
is "exit code without the driver file" "$code" 2
says "missing driver file" "$work/missing.out" "none.sys: No such file or directory"
run elf run --dsm "$so" --topology docs/examples/demo.ini
is "exit code for an ELF driver" "$code" 2
says "ELF driver" "$work/elf.out" "this build loads PE images"
printf '[machine node]\n[path p]\nportal = 192.0.2.1:3260\ntarget = iqn.2026-01.org.openmpio:x\n' >"$work/real.ini"
run real run --dsm "$sys" --topology "$work/real.ini" --for 1s
is "exit code for a real portal" "$code" 2
says "real portal" "$work/real.out" "this build has no libiscsi"
# A driver and a topology by Windows' names, in a directory that is not ASCII.
mkdir -p "$work/Gerät" && cp "$sys" docs/examples/two-paths.ini "$work/Gerät/"
run names run --dsm "Z:$(echo "$work/Gerät/dsm_sample.sys" | tr / '\\')" --topology "$work/Gerät/two-paths.ini" --for 2s --quiet \
    --trace "$work/Gerät/spür.txt" --report "$work/Gerät/r.html"
is "exit code with Windows' names" "$code" 0
[ -s "$work/Gerät/spür.txt" ] && [ -s "$work/Gerät/r.html" ] && good || bad "no files with names that are not ASCII"

# ---- the same behaviour, bit for bit ----
normal() { # what depends on the host: files, times, the driver's kind
    sed -e 's/dsm_sample\.s[oy]s*/DSM/g' -e 's/native\./wine./g' -e 's/in [0-9.]* s\([ ,]\)/in T s\1/' -e 's/ (.* x)$//' -e '/^dsm [0-9a-f]* /d' "$1"
}
"$native" run --dsm "$so" --topology docs/examples/demo.ini --for 40s --quiet --report "$work/native.html" --trace "$work/native.trace" \
    --save "$work/native.replay" >"$work/native.out" 2>&1 </dev/null
run wine run --dsm "$sys" --topology docs/examples/demo.ini --for 40s --quiet --report "$work/wine.html" --trace "$work/wine.trace" \
    --save "$work/wine.replay"
is "exit code of the demo topology" "$code" 0
stream() {
    sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"
}
is "event stream of the demo topology" "$(stream "$work/wine.out")" "$(stream "$work/native.out")"
cmp -s "$work/wine.trace" "$work/native.trace" && good || bad "the trace differs: $(cmp "$work/wine.trace" "$work/native.trace" 2>&1)"
rm -f "$work/wine.trace" "$work/native.trace"
for kind in out html replay; do
    normal "$work/wine.$kind" >"$work/a" && normal "$work/native.$kind" >"$work/b"
    cmp -s "$work/a" "$work/b" && good || bad "the $kind differs: $(diff "$work/a" "$work/b" | head -3 | cut -c1-200)"
done
run replay replay "$work/wine.replay"
says "replay" "$work/replay.out" "same event stream"

export MPIO=$mpio
count=8
[ -n "$long" ] && count=200
run soak soak --dsm "$sys" --seeds $count --keep "$work/soak" --list "$work/soak.list"
is "exit code of the random worlds" "$code" 0
"$native" soak --dsm "$so" --seeds $count --keep "$work/soak-native" --list "$work/native.list" >"$work/soak-native.out" 2>&1
cmp -s "$work/soak.list" "$work/native.list" && good ||
    bad "random worlds differ: $(diff "$work/soak.list" "$work/native.list" | head -3)"

# ---- unit tests of the rooms that load no driver ----
rooms=host
[ -n "$long" ] && rooms="host world text array nt port core disk"
for room in $rooms; do
    make -s -k -j2 CFG=win "tests-$room" >"$work/tests-$room.log" 2>&1 || bad "tests of $room do not build; see $work/tests-$room.log"
    for test in build/win/tests/"$room"/test_*.exe; do
        timeout 60 "$wine" "$test" >"$work/test.out" 2>&1 </dev/null
        if [ $? = 0 ]; then
            passed=$((passed + $(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$work/test.out")))
        else
            bad "$test: $(grep -A1 -m1 ERROR "$work/test.out")"
        fi
    done
done

# ---- scenarios; broken copies: rule, file and line of each breach ----
scenarios="fast-return-defect two-dsms wrong-no-luns"
breaches="KE-FAULT-01 KE-STACK-01 KE-HANG-01 KE-LOCK-01 DSM-PATH-01"
[ -n "$long" ] && scenarios='' breaches=all
part scenarios env SCENARIOS_KIND=sys SCENARIOS_WORK="$work/scenarios" sh mpio/cli/tests/scenarios.sh $scenarios
part broken env BROKEN_KIND=sys BROKEN_MPIO="$mpio" BROKEN_WORK="$work/broken" sh mpio/cli/tests/broken.sh $breaches

echo "wine: $passed passed, $failed failed"
[ "$failed" = 0 ]
