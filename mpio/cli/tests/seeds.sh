#!/bin/sh
# SPDX-License-Identifier: MIT
# Seeded runs with faults: every one clean, the same seed the same event stream, different seeds different ones.
# The seed first decides the world: paths, controllers, LUNs, kind of HBA, load. Every third run draws its scheduling
# from the seed too (--explore). `seeds.sh [all|COUNT]`; MPIO and DSM in the environment name other builds, SEEDS_WORK another
# directory than build/check/seeds, where the runs are left.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=${MPIO:-$PWD/build/rel/bin/mpio}
DSM=${DSM:-$PWD/build/dsm_sample/rel/dsm_sample.so}
work=${SEEDS_WORK:-build/check/seeds}
case ${1:-} in all) count=1000 ;; '') count=200 ;; *) count=$1 ;; esac
rm -rf "$work"
mkdir -p "$work"

cat >"$work/one.sh" <<'S'
seed=$1
awk -v s="$seed" 'BEGIN {
    srand(s); hbas = 1 + int(rand() * 4); controllers = 1 + int(rand() * 2); luns = 1 + int(rand() * 6)
    kind = rand() < 0.5 ? "fc" : "iscsi"
    print "[machine node]\ncpus = " 2 + int(rand() * 3)
    print "parameter = PDORemovePeriod, 300"
    if (rand() < 0.5) print "parameter = PathVerifyEnabled, 1"
    if (rand() < 0.5) print "parameter = UseCustomPathRecoveryInterval, 1\nparameter = PathRecoveryInterval, " 2 + int(rand() * 20)
    for (h = 0; h < hbas; h++)
        print "[hba hba" h "]\nkind = " kind "\nlink-down-time = " int(rand() * 3) "s\ndev-loss-time = " 4 + int(rand() * 20) "s"
    print "[array array0]\nvendor = OPENMPIO\nproduct = Seeded\ncontrollers = " controllers "\nports-per-controller = " 1 + int(rand() * 2)
    print "[lun lun]\ncount = " luns "\nsize = 8M"
    for (h = 0; h < hbas; h++)
        print "[link link" h "]\nhba = hba" h "\nports = all\nlatency = " 20 + int(rand() * 500) "us\njitter = " int(rand() * 100) "us"
    print "[load load]\nlun = *\nread = " int(rand() * 101) "\nqueue-depth = " 1 + int(rand() * 8) "\nio-size = " 2 ^ int(rand() * 5) "K\nrate = " 50 + int(rand() * 200)
}' >"$work/$seed.ini"
[ $((seed % 3)) = 0 ] && explore=--explore
"$MPIO" run --dsm "$DSM" --topology "$work/$seed.ini" --seed "$seed" --for 60s --faults $((seed % 12)) --quiet $explore \
    --save "$work/$seed.replay" >"$work/$seed.log" 2>&1 </dev/null
echo "$seed $? $(sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$work/$seed.log")"
S
each() { # script: once for each seed of the standard input, on all processors
    xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 timeout 120 sh "$1"
}
export MPIO DSM work
seq 1 "$count" | each "$work/one.sh" | sort -n >"$work/results"
passed=$(awk '$2 == 0' "$work/results" | wc -l)
failed=$((count - passed))
awk '$2 != 0 {print "seed " $1 ": exit " $2 "; see '"$work"'/" $1 ".log, mpio replay '"$work"'/" $1 ".replay"}' "$work/results" | head -8

# The same seed again, for one in ten; a replay of one in twenty.
echo '"$MPIO" replay "$work/$1.replay" 2>&1 </dev/null | grep -q "same event stream" && echo "$1 same" || echo "$1 differs"' >"$work/replay.sh"
seq 1 10 "$count" | each "$work/one.sh" | sort -n >"$work/again"
seq 2 20 "$count" | each "$work/replay.sh" >"$work/replayed"
again=$(grep -cxFf "$work/results" "$work/again")
different=$(($(wc -l <"$work/again") - again))
grep -vxFf "$work/results" "$work/again" | sed 's/^/another event stream at the second run of seed /'
again=$((again + $(grep -c ' same' "$work/replayed")))
different=$((different + $(grep -c ' differs' "$work/replayed")))
awk -v work="$work" '$2 == "differs" {print "seed " $1 ": mpio replay " work "/" $1 ".replay differs"}' "$work/replayed"
distinct=$(awk '{print $3}' "$work/results" | sort -u | wc -l)
if [ "$distinct" = "$count" ]; then again=$((again + 1)); else different=$((different + 1)); echo "only $distinct different event streams in $count seeds"; fi
echo "seeds: $((passed + again)) passed, $((failed + different)) failed"
[ $((failed + different)) = 0 ]
