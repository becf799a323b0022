#!/bin/sh
# SPDX-License-Identifier: MIT
# mpio shrink on broken copies of the sample: a lock taken twice, requests of a dead path given up, writes that go to
# another block after a failover. Each failing run becomes a small scenario that fails in the same way when it is run
# as its head says. Replay files hold what they need, and bad ones are refused. `shrink.sh all`: the demonstration
# topology for ten minutes too. MPIO in the environment names another build.
cd "$(dirname "$0")/../../.." || exit 2
root=$PWD
MPIO=${MPIO:-$root/build/rel/bin/mpio}
DSM=${DSM:-$root/build/dsm_sample/rel/dsm_sample.so}
passed=0 failed=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM
mkdir "$work/tmp"
TMPDIR=$work/tmp
export TMPDIR

check() { # what, condition, file to show
    if eval "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: no"
        [ -n "${3:-}" ] && head -5 "$3" | sed 's/^/    /'
    fi
}
refused() { # what, text, arguments of mpio...
    what=$1 text=$2
    shift 2
    timeout 60 "$MPIO" "$@" >"$work/out" 2>&1 </dev/null
    code=$?
    check "$what" '[ $code = 2 ] && grep -qF -- "$text" "$work/out"' "$work/out"
}
# A copy of the sample with code at the start of two functions of io.c.
broken() { # name, code of SampleGetPath, code of SampleInterpretError
    mkdir "$work/$1"
    cp -p dsm_sample/*.c dsm_sample/*.h dsm_sample/Makefile "$work/$1/"
    awk -v get="$2" -v interpret="$3" '
        /^#include/ && !done { print; print "static BOOLEAN Failed;"; done = 1; next }
        { print }
        /^PVOID SampleGetPath\(/ { code = get }
        /^ULONG SampleInterpretError\(/ { code = interpret }
        $0 == "{" && code { print "    " code; code = "" }' dsm_sample/io.c >"$work/$1/io.c"
    make -s -C "$work/$1" DDK="$root/ddk" DBG=1 so >"$work/$1.build" 2>&1 || echo "$1 does not build: see $work/$1.build"
}

broken lock "(void)Failed;" "{ KIRQL o; (void)Failed; if (IsFatal(Srb, *Status)) { KeAcquireSpinLock(&((PSAMPLE_INSTANCE)DsmId)->Lun->Lock, &o); KeAcquireSpinLock(&((PSAMPLE_INSTANCE)DsmId)->Lun->Lock, &o); } }"
broken lost "(void)Failed;" "(void)Failed; if (IsFatal(Srb, *Status)) return 0;"
broken data "if (Failed && Srb != NULL && SrbGetCdb(Srb)->AsByte[0] == SCSIOP_WRITE) SrbGetCdb(Srb)->AsByte[5] ^= 1;" "if (IsFatal(Srb, *Status)) Failed = TRUE;"

cat >"$work/world.ini" <<'I'
; two paths by two HBAs, three LUNs
[world]
seed = 3
[machine node0]
cpus = 3
parameter = PathVerifyEnabled, 1
parameter = PDORemovePeriod, 60
[hba hba0]
link-down-time = 500ms
dev-loss-time = 3s
[hba hba1]
link-down-time = 500ms
dev-loss-time = 3s
[array array0]
profile = family
[lun lun]
count = 3
size = 8M
[link a]
hba = hba0
ports = all
[link b]
hba = hba1
ports = all
latency = 150us
[load load0]
queue-depth = 2
rate = 40
[timeline]
9s = link hba0 down
14s = link hba0 up
I
printf '[profile]\nvendor = OPENMPIO\nproduct = Shrunk\nports-per-controller = 1\n' >"$work/family.ini"

count() { # pattern, file: lines
    grep -cE "$1" "$2"
}
shrinks() { # name, what fails
    n=$work/$1 want=$2
    timeout 60 "$MPIO" run --dsm "$n/build/dsm_sample.so" --topology "$work/world.ini" --for 40s --faults 6 --quiet \
        --save "$n.replay" >"$n.out" 2>&1 </dev/null
    check "$1: the run fails" "[ $? = 1 -o $? = 3 ]" "$n.out"
    check "$1: and names what to do" 'grep -q "^reduce  *mpio shrink $n.replay" "$n.out"' "$n.out"
    timeout 120 "$MPIO" shrink "$n.replay" -o "$n.small.ini" --limit "${LIMIT:-60s}" >"$n.shrunk" 2>&1 </dev/null
    check "$1: shrinks" "[ $? = 0 ]" "$n.shrunk"
    check "$1: what fails is said" 'grep -qE "^; What fails: $want" "$n.small.ini"' "$n.shrunk"
    check "$1: at most two actions" '[ "$(count "^[0-9]+[a-z]* = " "$n.small.ini")" -le 2 ]' "$n.small.ini"
    check "$1: at most one LUN" '! grep -q "^count" "$n.small.ini"' "$n.small.ini"
    check "$1: at most two links" '[ "$(count "^\[link" "$n.small.ini")" -le 2 ]' "$n.small.ini"
    check "$1: at most 24 lines" '[ "$(count "^[^;]" "$n.small.ini")" -le 24 ]' "$n.small.ini"
    check "$1: the scenario is a topology" 'timeout 60 "$MPIO" check-topology "$n.small.ini" >"$n.table" 2>&1' "$n.table"
    # As its head says, in a place of its own.
    command=$(sed -n 's/^;   mpio //p' "$n.small.ini")
    (cd "$work" && eval "timeout 60 '$MPIO' $command --quiet" >"$n.again" 2>&1 </dev/null)
    check "$1: fails as its head says" "[ $? = 1 -o $? = 3 ]" "$n.again"
    timeout 60 "$MPIO" replay "$n.small.replay" --quiet --result "$n.result" >"$n.replayed" 2>&1 </dev/null
    check "$1: its record replays" 'grep -q "same event stream" "$n.replayed"' "$n.replayed"
    check "$1: the failure is the same" 'grep -qE "^failure $want" "$n.result"' "$n.result"
}
shrinks lock 'bug check KE-LOCK-01 at io.c:'
shrinks lost 'I/O errors'
shrinks data 'data error: (misdirected|stale|lost) blocks'

# The same outcome with another number of jobs.
timeout 120 "$MPIO" shrink "$work/lock.replay" -o "$work/lock.small.ini2" --jobs 1 --limit 60s >"$work/jobs.out" 2>&1 </dev/null
timeout 120 "$MPIO" shrink "$work/lock.replay" -o "$work/lock.small.ini3" --jobs 5 --limit 60s >>"$work/jobs.out" 2>&1 </dev/null
sed 's/ini2/iniN/' "$work/lock.small.ini2" >"$work/two"
sed 's/ini3/iniN/' "$work/lock.small.ini3" >"$work/three"
check "the outcome does not depend on the jobs" 'cmp -s "$work/two" "$work/three"' "$work/jobs.out"

# A replay file holds the profile and the drawn faults.
timeout 60 "$MPIO" run --dsm "$DSM" --topology "$work/world.ini" --for 40s --faults 9 --explore --quiet --save "$work/good.replay" \
    >"$work/good.out" 2>&1 </dev/null
rm "$work/family.ini" "$work/world.ini"
check "drawn faults are recorded" '[ "$(sed -n "s/^faults //p" "$work/good.replay")" -ge 9 ]' "$work/good.replay"
timeout 60 "$MPIO" replay "$work/good.replay" --quiet >"$work/replayed" 2>&1 </dev/null
check "a replay needs neither topology nor profile" 'grep -q "same event stream" "$work/replayed"' "$work/replayed"
sed 's/^[0-9][0-9a-z]* = .*/20s = link hba1 down/' "$work/good.replay" >"$work/edited.replay"
timeout 60 "$MPIO" replay "$work/edited.replay" --quiet >"$work/replayed" 2>&1 </dev/null
check "the recorded faults are what strikes" 'grep -q "DIFFERENT from" "$work/replayed"' "$work/replayed"

sed '/^topology/,$!s/^[0-9][0-9a-z]* = .*/20s = jump hba1/' "$work/good.replay" >"$work/jump.replay"
refused "a fault that is none" "fault plan" replay "$work/jump.replay"
refused "a good run" "does not fail: there is nothing to shrink" shrink "$work/good.replay"
sed 's/^dsm \([0-9a-f]*\) .*/dsm \1 \/nowhere.so/' "$work/good.replay" >"$work/gone.replay"
refused "a run that cannot be set up" "does not run to its end" shrink "$work/gone.replay"
head -c 200 "$work/good.replay" >"$work/short.replay"
refused "a file that is cut" "not a whole replay file" shrink "$work/short.replay"
sed 's/^faults .*/faults 99999999999999999999/' "$work/good.replay" >"$work/count.replay"
refused "a count beyond the file" "line 'faults'" shrink "$work/count.replay"
sed 's/^faults .*/faults 4000/' "$work/good.replay" >"$work/lines.replay"
refused "more fault lines than there are" "not a whole replay file" replay "$work/lines.replay"
head -c 5000 "$DSM" >"$work/binary.replay"
refused "a binary file" "not a whole replay file" shrink "$work/binary.replay"
sed 's/^seed .*/seed minus/' "$work/good.replay" >"$work/seed.replay"
refused "a seed that is no number" "line 'seed'" replay "$work/seed.replay"
sed '1s/2/1/' "$work/good.replay" >"$work/one.replay"
refused "the first format" "record the run again" shrink "$work/one.replay"
{ cat "$work/good.replay"; head -c 9000000 /dev/zero | tr '\0' ';'; } >"$work/huge.replay"
refused "a huge file" "huge.replay" shrink "$work/huge.replay"
sed '/^topology/,$d' "$work/good.replay" >"$work/bare.replay"
refused "no topology" "line 'topology'" shrink "$work/bare.replay"
{ sed '/^topology/q' "$work/good.replay"; printf '[machine m]\n[path p]\nportal = 127.0.0.1\ntarget = t\n'; } >"$work/real.replay"
refused "real paths" "real paths do not come again" shrink "$work/real.replay"
refused "no file" "no replay file given" shrink
refused "a wrong limit" "--limit" shrink "$work/good.replay" --limit soon
refused "no jobs" "--jobs" shrink "$work/good.replay" --jobs 0

if [ "${1:-}" = all ]; then
    cp docs/examples/demo.ini "$work/world.ini"
    for name in lock lost data; do
        timeout 120 "$MPIO" run --dsm "$work/$name/build/dsm_sample.so" --topology "$work/world.ini" --for 10min --faults 20 --quiet \
            --save "$work/$name.long.replay" >"$work/$name.out" 2>&1 </dev/null
        timeout 300 "$MPIO" shrink "$work/$name.long.replay" -o "$work/$name.long.ini" >"$work/$name.shrunk" 2>&1 </dev/null
        check "$name, ten minutes: shrinks within the limit" '! grep -q "^stopped" "$work/$name.shrunk" && [ -s "$work/$name.long.ini" ]' \
            "$work/$name.shrunk"
        check "$name, ten minutes: at most two actions" '[ "$(count "^[0-9]+[a-z]* = " "$work/$name.long.ini")" -le 2 ]'
        sed -n 's/^left/    &/p' "$work/$name.shrunk"
    done
fi
check "no temporary files are left" '[ -z "$(ls "$work/tmp")" ]'
echo "shrink: $passed passed, $failed failed"
[ "$failed" = 0 ]
