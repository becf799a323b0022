#!/bin/sh
# SPDX-License-Identifier: MIT
# All tests, one after the other, with their sums. `tools/check.sh all` adds the long forms.
# Every part prints what it likes; what counts is CMocka's closing lines and lines of the form
# `name: N passed, N failed`. The last line is the sum.
cd "$(dirname "$0")/.." || exit 2
long=${1:-}
logs=build/check
mkdir -p "$logs"
passed=0 failed=0
start=$(date +%s)
JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# part NAME COMMAND...: runs it, adds its counts; a part that fails without a count is one failure.
part() {
    name=$1
    shift
    log=$logs/$(echo "$name" | tr ' /' '--').log
    begin=$(date +%s)
    "$@" >"$log" 2>&1 </dev/null
    code=$?
    counts=$(awk '
        /\[  PASSED  \] [0-9]+ test/ { p += $4 }
        /\[  FAILED  \] [0-9]+ test/ { f += $4 }
        /^[^ ]*:? ?[0-9]+ passed, [0-9]+ failed/ { for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^failed/) f += $(i - 1) } }
        END { print p + 0, f + 0 }' "$log")
    p=${counts% *} f=${counts#* }
    if [ $code -ne 0 ] && [ "$f" = 0 ]; then
        f=1
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    printf '%-34s %5d passed %4d failed %5d s\n' "$name" "$p" "$f" $(($(date +%s) - begin))
    if [ "$f" != 0 ]; then
        grep -nE 'error|Error|ERROR|FAILED|failed|not |lint:' "$log" | tail -15
        echo "    (whole output: $log)"
    fi
}
units() { # CFG
    rooms=$(sed -n 's/^TEST_ROOMS *:= *//p' Makefile)
    make -k -j"$JOBS" CFG="$1" $(for r in $rooms; do echo "tests-$r"; done) || return 1
    status=0
    for r in $rooms; do
        for t in build/$1/tests/$r/test_*; do
            case $t in *.d | *'*') continue ;; esac
            echo "== $t"
            timeout 120 "$t" || status=1
        done
    done
    return $status
}

part "ddk"                 sh ddk/tests/run.sh quick
part "build (gcc)"         make -j"$JOBS" all
part "units"               units rel
part "lint"                sh tools/lint.sh
part "build (ASan, UBSan)" make -j"$JOBS" CFG=asan all
part "units (ASan, UBSan)" units asan
for t in mpio/cli/tests/*.sh; do
    part "$(basename "$t" .sh)" sh "$t" $long
done
part "conformance"         sh tools/conformance.sh ${long:-quick}
part "fuzz, short"         sh tools/fuzz.sh 5
if [ -n "$long" ]; then
    part "build (clang)"   make -j"$JOBS" CFG=clang all
    part "units (clang)"   units clang
fi
echo "checked in $(($(date +%s) - start)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
