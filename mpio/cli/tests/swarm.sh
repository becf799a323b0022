#!/bin/sh
# SPDX-License-Identifier: MIT
# Random worlds with random faults (`mpio soak`): every seed clean, the same seed the same event stream, different seeds
# different ones, a replay the same again; and what fails is found and told with the commands that show it.
# `swarm.sh [all|COUNT]`; MPIO and DSM in the environment name other builds, SWARM_WORK another directory than
# build/check/swarm, where `results` is left: a line `SEED EVENT-STREAM` for each seed.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=${MPIO:-$PWD/build/rel/bin/mpio}
DSM=${DSM:-$PWD/build/dsm_sample/rel/dsm_sample.so}
work=${SWARM_WORK:-build/check/swarm}
case ${1:-} in all) count=2000 ;; '') count=200 ;; *) count=$1 ;; esac
again=$((count < 12 ? count : 12))
rm -rf "$work"
mkdir -p "$work"
passed=0 failed=0
check() { # what, condition as a command
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
    fi
}
soak() { # name of the log, arguments; exit code in $code
    log=$work/$1.log
    shift
    "$MPIO" soak --dsm "$DSM" --keep "$work/kept" "$@" >"$log" 2>&1 </dev/null
    code=$?
}
exits() {
    [ "$code" = "$1" ]
}
says() {
    grep -q -- "$1" "$log"
}

# ---- the seeds ----
soak seeds --seeds "$count" --list "$work/results"
grep -A1 '^seed ' "$log" | head -16
clean=$(sed -n 's/^soak .*: \([0-9]*\) clean, .*/\1/p' "$log")
passed=$((passed + ${clean:-0}))
failed=$((failed + count - ${clean:-0}))
check "exit code $code of $count seeds" exits 0
check "every seed has an event stream of its own" says "^streams   $count different"
check "the sums say what struck" says '^faults  '

# ---- the program made by clang (check-all builds it) draws the same worlds ----
if [ "${1:-}" = all ] && [ -x build/clang/bin/mpio ]; then
    worlds() { for seed in $(seq 1 60); do "$1" soak --show "$seed"; done; }
    worlds "$MPIO" >"$work/worlds"
    worlds build/clang/bin/mpio >"$work/worlds.clang"
    check "the program made by clang draws other worlds" cmp -s "$work/worlds" "$work/worlds.clang"
fi

# ---- the same seeds again: one at a time, and by hand ----
soak again --seeds "$again" --jobs 1 --list "$work/again"
head -n "$again" "$work/results" >"$work/before"
check "another event stream at the second run of a seed" cmp -s "$work/again" "$work/before"
for seed in 2 3 5; do
    "$MPIO" soak --show $seed >"$work/$seed.ini"
    options=$(sed -n '1s/.*mpio soak: //p' "$work/$seed.ini")
    "$MPIO" run --dsm "$DSM" --topology "$work/$seed.ini" --seed $seed $options --quiet --save "$work/$seed.replay" \
        >"$work/$seed.log" 2>&1 </dev/null
    stream=$(sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$work/$seed.log")
    check "seed $seed by hand: event stream $stream" grep -qx "$seed $stream" "$work/results"
    log=$work/$seed.again
    "$MPIO" replay "$work/$seed.replay" >"$log" 2>&1 </dev/null
    check "the replay of seed $seed differs" says 'same event stream as recorded'
done
"$MPIO" soak --show 7 | sed '1s/.*//; 2s/.*//' >"$work/a"
"$MPIO" soak --show 8 | sed '1s/.*//; 2s/.*//' >"$work/b"
check "two seeds, one world" sh -c "! cmp -s '$work/a' '$work/b'"

# ---- a world of one's own, and one that fails ----
cat >"$work/cut.ini" <<'T'
[machine node]
[hba hba0]
kind = fc
[array array0]
[lun lun]
size = 8M
[link link0]
hba = hba0
ports = all
[load load0]
lun = *
rate = 100
[timeline]
3s = link hba0 down
T
soak own --topology docs/examples/two-paths.ini --seeds 5-6 --for 5s
check "a world of one's own: exit code $code" exits 0
check "a world of one's own has two runs" says '^soak      2 seeds: 2 clean, 0 failed'
soak cut --topology "$work/cut.ini" --seeds 11-12 --for 2min
check "a world that loses its only path: exit code $code" exits 1
check "both seeds fail" says '^soak      2 seeds: 0 clean, 2 failed'
check "a failing seed is told with its verdict" says '^seed 11  I/O ERRORS'
check "and with its commands" says "mpio replay $work/kept/11.replay   mpio shrink $work/kept/11.replay"
check "it leaves its files" test -s "$work/kept/11.ini" -a -s "$work/kept/11.replay" -a -s "$work/kept/11.log"
log=$work/kept/again.log
"$MPIO" replay "$work/kept/11.replay" >"$log" 2>&1 </dev/null
code=$?
check "the replay of what failed: exit code $code" exits 1
check "the replay of what failed is another run" says 'same event stream as recorded'
soak first --topology "$work/cut.ini" --seeds 1-50 --for 1min --first --jobs 1
check "--first goes on after a failure" says '^soak      1 seeds: 0 clean, 1 failed'
check "--first: exit code $code" exits 1

# ---- the last seed there is; an end before the end ----
soak last --topology docs/examples/two-paths.ini --seeds 18446744073709551615-18446744073709551615 --for 1s
check "the last seed: exit code $code" exits 0
mkdir "$work/tmp"
log=$work/stopped.log
TMPDIR=$(cd "$work/tmp" && pwd) "$MPIO" soak --dsm "$DSM" --keep "$work/kept" --seeds 100000 >"$log" 2>&1 </dev/null &
sleep 1
kill -TERM $!
wait $!
code=$?
check "a soak that is stopped: exit code $code" exits 2
check "a soak that is stopped says so" says 'interrupted'
check "it leaves temporary files: $(ls "$work/tmp")" test -z "$(ls "$work/tmp")"

# ---- what cannot run ----
DSM=$work/none.so
soak none --seeds 1
check "a DSM that is not there: exit code $code" exits 1
check "a run without verdict is told with its last words" says '^seed 1  NO VERDICT, exit code 2: mpio: .*none.so'
check "and with the command that shows it" says 'mpio run --dsm .*none.so --topology .*/1.ini --seed 1 --for 1min'
for wrong in '--seeds 0' '--seeds 9-8' '--seeds 1-x' '--seeds 1-20000000' '--jobs 0' '--jobs 65' '--for 0s' '--for 25h' '--unknown 1' '--dsm'; do
    soak wrong $wrong
    check "soak $wrong: exit code $code" exits 2
done
echo "swarm: $passed passed, $failed failed"
[ $failed = 0 ]
