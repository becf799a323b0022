#!/bin/sh
# SPDX-License-Identifier: MIT
# Clusters of two and four machines that share a LUN under a persistent reservation: crashes, boots, pauses, HBAs without power, paths
# that fail; failover and active, both reservation types, drawn from the seed. Every run clean, the same seed the same event
# stream, and an array that ignores PREEMPT AND ABORT is caught. `clusters.sh [all|COUNT]`; MPIO and DSM name other builds.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=${MPIO:-$PWD/build/rel/bin/mpio}
DSM=${DSM:-$PWD/build/dsm_sample/rel/dsm_sample.so}
case ${1:-} in all) count=400 ;; '') count=40 ;; *) count=$1 ;; esac
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT INT TERM
passed=0 failed=0
check() { # what, condition's result
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "clusters: FAILED: $1"
    fi
}

# A cluster and what happens to it. Whatever the draw, one machine is left alone and keeps a path.
cat >"$work/topology.awk" <<'A'
BEGIN {
    srand(s); srand(s * 7919 + int(rand() * 1000)); rand()
    nodes = s % 2 ? 2 : 4; hbas = 1 + int(rand() * 2); active = rand() < 0.5
    for (n = 0; n < nodes; n++) {
        print "[machine m" n "]\nparameter = PathVerifyEnabled, 1\nparameter = PDORemovePeriod, 60"
        for (h = 0; h < hbas; h++) {
            print "[hba m" n "h" h "]\nmachine = m" n "\nlink-down-time = 1s\ndev-loss-time = 10s"
            print "[link m" n "h" h "]\nhba = m" n "h" h "\narray = a\nports = all\nlatency = " 1 + int(rand() * 8) "ms\njitter = 1ms"
        }
    }
    print "[array a]\ncontrollers = 2" (plugin != "" ? "\nplugin = " plugin : "") "\n[lun shared]\nsize = 4M"
    print "[cluster c]\nmode = " (active ? "active" : "failover") "\nreservation = " (rand() < 0.5 ? "registrants" : "all-registrants")
    print "timeout = " 500 + int(rand() * 2000) "ms\nread = 30\nqueue-depth = 8\nrate = 800\nspan = 1M\n[timeline]"
    for (n = 0; n < nodes - 1; n++) {
        at = 3000 + n * 6000 + int(rand() * 3000); draw = rand()
        if (draw < 0.4) {
            print at "ms = machine m" n " crash"
            if (rand() < 0.7) print at + 100 + int(rand() * 6000) "ms = machine m" n " boot"
        }
        else if (draw < 0.8) print at "ms = machine m" n " pause " 500 + int(rand() * 8000) "ms"
        else print at "ms = hba m" n "h0 power off\n" at + 9000 "ms = hba m" n "h0 power on"
    }
    if (hbas > 1) print 5000 + int(rand() * 9000) "ms = link m" nodes - 1 "h1 down\n18s = link m" nodes - 1 "h1 up"
}
A
cat >"$work/one.sh" <<'S'
awk -v s="$1" -v plugin="$2" -f "$work/topology.awk" >"$work/$1.ini"
[ $(($1 % 5)) = 0 ] && explore=--explore
timeout 60 "$MPIO" run --dsm "$DSM" --topology "$work/$1.ini" --seed "$1" --for 30s --quiet --save "$work/$1.replay" $explore >"$work/$1.log" 2>&1 </dev/null
code=$?
echo "$1 $code $(sed -n 's/^cluster .*: \([0-9]*\) takeovers, \([0-9]*\) machines fenced.* \([0-9]*\) late.*/\1 \2 \3/p' "$work/$1.log") $(sed -n 's/.*event stream //p' "$work/$1.log")"
S
export MPIO DSM work
each() { # script, further arguments: once for each seed of the standard input
    xargs -P "$(getconf _NPROCESSORS_ONLN)" -I '{}' sh "$@"
}
seq 1 "$count" | each "$work/one.sh" '{}' '' | sort -n >"$work/results"
while read -r seed code _; do
    check "seed $seed: exit $code: $(grep -E '^verdict|^mpio' "$work/$seed.log")" "$code"
done <"$work/results"
awk -v n="$count" '{t += $3; f += $4; l += $5} END {exit !(t > n / 2 && f > n / 8 && l > n / 8)}' "$work/results"
check "takeovers, fenced machines, commands of dead machines: $(awk '{t += $3; f += $4; l += $5} END {print t, f, l}' "$work/results")" $?
seq 1 8 "$count" | each "$work/one.sh" '{}' '' | sort -n | grep -vxFf "$work/results" >"$work/again"
[ ! -s "$work/again" ]
check "the same seeds again: $(cat "$work/again")" $?

# Every machine writes to a part of its own under the reservation while paths fail.
sed '/^\[timeline\]/,$d; s/^mode = failover/mode = active/' docs/examples/cluster.ini >"$work/active.ini"
for seed in 1 2 3 4; do
    timeout 60 "$MPIO" run --dsm "$DSM" --topology "$work/active.ini" --seed $seed --faults 6 --for 60s --quiet --save "$work/active.replay" >"$work/active.log" 2>&1
    check "active cluster, failing paths, seed $seed: $(grep '^verdict' "$work/active.log")" $?
done

# A machine that boots again joins with the key it had, and writes nothing before it owns something.
reborn() { # timeline, takeovers, what is tested
    sed "/^\[timeline\]/,\$d; s/^timeout = .*/timeout = 2s/" docs/examples/cluster.ini >"$work/reborn.ini"
    printf '[timeline]\n%b\n' "$1" >>"$work/reborn.ini"
    for seed in 1 2 3; do
        timeout 60 "$MPIO" run --dsm "$DSM" --topology "$work/reborn.ini" --seed $seed --for 40s --quiet --save "$work/reborn.replay" >"$work/reborn.log" 2>&1
        [ $? = 0 ] && grep -q "cluster *quorum: $2 takeovers, 0 machines fenced" "$work/reborn.log"
        check "$3, seed $seed: $(grep -E '^(verdict|cluster)' "$work/reborn.log" | tr '\n' ' ')" $?
    done
}
reborn '10s = machine red crash\n10500ms = machine red boot' 0 'back before anybody missed it'
reborn '10s = machine red crash\n15s = machine red boot' 1 'back after the takeover: it watches'
reborn '10s = machine red crash\n15s = machine red boot\n20s = machine blue crash\n30s = machine blue boot' 2 'each takes over from the other'
reborn '10s = machine red crash\n10s = machine blue crash\n12s = machine blue boot\n20s = machine red boot' 1 'the whole cluster was down'

# An array that ignores the preemption.
cc -Wall -Wextra -Werror -shared -fPIC -I mpio/include mpio/cli/tests/deaf_array.c -o "$work/deaf.so"
check "the broken array compiles" $?
broken() { # argument of the plug-in, what happens to the owner, what must be said
    awk -v s=2 -v plugin="$work/deaf.so, $1" -f "$work/topology.awk" | sed 's/^mode = .*/mode = failover/; s/^reservation = .*/reservation = registrants/
        s/^timeout = .*/timeout = 500ms/; /^\[timeline\]/,$d' >"$work/broken.ini"
    printf '[timeline]\n5s = machine m0 %s\n' "$2" >>"$work/broken.ini"
    found=1
    for seed in 1 2 3 4 5 6 7 8; do # what is in the fabric at the crash is a draw
        timeout 60 "$MPIO" run --dsm "$DSM" --topology "$work/broken.ini" --seed "$seed" --for 15s --quiet --save "$work/broken.replay" >"$work/broken.log" 2>&1
        [ $? = 1 ] && grep -q "$3" "$work/broken.log" && found=0 && break
    done
    check "an array that is $1 is caught at a $2: $(grep '^verdict' "$work/broken.log")" $found
}
broken deaf 'pause 4s' 'still registered'
broken liar 'pause 4s' 'a write succeeded after another machine had preempted it'
broken liar 'crash' 'DATA ERRORS: [1-9]'

refused() { # lines of [cluster], what must be said
    printf '[machine m]\n[machine n]\n[hba h]\nmachine = m\n[array a]\n[lun l]\n[link k]\nports = all\n[cluster c]\n%b\n' "$1" >"$work/refused.ini"
    ! "$MPIO" check-topology "$work/refused.ini" >"$work/refused.log" 2>&1 && grep -qF "$2" "$work/refused.log"
    check "refused: $1: $(head -1 "$work/refused.log")" $?
}
refused 'machines = m' 'a cluster has at least two machines'
refused 'machines = m, o' 'there is no [machine o] in this file'
refused 'machines = m, n, M' 'M stands here twice'
refused 'timeout = 99ms' 'timeout is 99ms; accepted: 100 ms to'
refused '[timeline]\n1s = machine m pause' 'accepted: machine MACHINE crash|pause|boot [TIME]'
refused '[timeline]\n1s = machine m crash 1s' 'accepted: machine MACHINE crash|pause|boot [TIME]'
refused '[timeline]\n1s = machine m boot 1s' 'accepted: machine MACHINE crash|pause|boot [TIME]'
refused '[path p]\nmachine = m\nportal = 127.0.0.1:3260\ntarget = iqn.x\n[timeline]\n1s = machine m boot' 'a machine boots in simulated worlds only'

timeout 60 "$MPIO" run --dsm "$DSM" --topology docs/examples/cluster.ini --for 75s --quiet --save "$work/example.replay" >"$work/example.log" 2>&1
check "the example runs: $(grep '^verdict' "$work/example.log")" $?
grep -q 'cluster *quorum: 2 takeovers, 1 machines fenced, 0 withdrawn' "$work/example.log"
check "as its guide says" $?
echo "clusters: $passed passed, $failed failed"
[ "$failed" = 0 ]
