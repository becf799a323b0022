#!/bin/sh
# SPDX-License-Identifier: MIT
# All tests with their sums: first what is built, then the parts, as many at a time as there are processors.
# `tools/check.sh all` adds the long forms. Every part prints what it likes into build/check/; what counts is CMocka's
# closing lines and lines of the form `name: N passed, N failed`. The last line is the sum.
cd "$(dirname "$0")/.." || exit 2
logs=build/check
JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
rooms=$(sed -n '/^TEST_ROOMS *:= */{s///p;q}' Makefile)

# part NAME COMMAND...: runs it and notes its counts; a part that fails without a count is one failure.
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
    echo "$p $f" >>"$logs/counts"
    {
        printf '%-34s %5d passed %4d failed %5d s\n' "$name" "$p" "$f" $(($(date +%s) - begin))
        grep -E '^SKIP' "$log" | sed 's/^/    /'
        if [ "$f" != 0 ]; then
            grep -E 'error:|Error |ERROR|FAILED|FAIL |[1-9][0-9]* failed|lint:|undefined reference' "$log" | cut -c1-240 | tail -15
            echo "    (whole output: $log)"
        fi
    } >"$log.verdict"
    cat "$log.verdict"
    [ "$f" = 0 ]
}
units() { # CFG: every unit test that was built
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
build() { # CFG: programs and unit tests
    part "build ($1)" make -s -k -j"$JOBS" CFG="$1" all $(for r in $rooms; do echo "tests-$r"; done)
}

case ${1:-} in
--part) # one part, called by the queue below: NAME COMMAND
    shift
    name=${1%% = *}
    command=${1#* = }
    part "$name" $command
    exit 0 ;;
--units)
    units "$2"
    exit ;;
esac

long=${1:-}
mkdir -p "$logs"
: >"$logs/counts"
start=$(date +%s)
build rel
build asan
[ -z "$long" ] || build clang
if command -v x86_64-w64-mingw32-gcc >/dev/null; then
    part "build (win)" make -s -j"$JOBS" CFG=win all
fi
part "build (fuzzers)" make -s -j"$JOBS" fuzzers
{ # the long ones first, so that no processor waits at the end
    echo "fuzz, short = sh tools/fuzz.sh 5"
    echo "conformance = sh tools/conformance.sh ${long:-quick}"
    for t in iscsi wine ddk/run pe swarm ddk/wpp pe_stacks broken ddk/profiles memory wdkdsm ddk/surface ddk/mofc ddk/newdsm; do
        case $t in
        ddk/run) echo "ddk = sh ddk/tests/run.sh $([ "$long" ] || echo quick)" ;;
        ddk/*) echo "${t#*/} = sh ddk/tests/${t#*/}.sh $long" ;;
        *) echo "$t = sh mpio/cli/tests/$t.sh $long" ;;
        esac
    done
    echo "units = sh tools/check.sh --units rel"
    echo "units (ASan, UBSan) = sh tools/check.sh --units asan"
    [ -z "$long" ] || echo "units (clang) = sh tools/check.sh --units clang"
    echo "lint = sh tools/lint.sh"
    for t in mpio/cli/tests/*.sh; do
        name=$(basename "$t" .sh)
        case $name in wine | iscsi | broken | pe_stacks | pe | swarm | memory | wdkdsm | install | docs) ;; *) echo "$name = sh $t $long" ;; esac
    done
} | tr -s ' ' | xargs -d '\n' -n 1 -P "$JOBS" sh tools/check.sh --part
# These install or write into the tree's own build directory while they run: alone.
part install sh mpio/cli/tests/install.sh $long
part docs sh mpio/cli/tests/docs.sh $long
echo "checked in $(($(date +%s) - start)) s"
awk '{p += $1; f += $2} END {printf "%d passed, %d failed\n", p, f; exit f != 0}' "$logs/counts"
