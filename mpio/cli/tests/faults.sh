#!/bin/sh
# SPDX-License-Identifier: MIT
# Every word of the fault menu (TOPOLOGY_ACTIONS) in a short run with dsm_sample: the verdict it must have, twice the same
# event stream. Then the rules of the verdict themselves: what is allowed, what never is.
# `faults.sh [all]`: all also draws 100 swarms. MPIO and DSM in the environment name other builds.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=${MPIO:-$PWD/build/rel/bin/mpio}
DSM=${DSM:-$PWD/build/dsm_sample/rel/dsm_sample.so}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # what, exit code of the test
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}

world() { # kind of HBA, lines of the [array], [lun]: a small world without timeline
    cat <<T
[machine node0]
parameter = PDORemovePeriod, 20
parameter = UseCustomPathRecoveryInterval, 1
parameter = PathRecoveryInterval, 2
[hba hba0]
kind = $1
link-down-time = 500ms
dev-loss-time = 2s
fabric = left
[hba hba1]
kind = $1
link-down-time = 500ms
dev-loss-time = 2s
fabric = right
[array array0]
controllers = 2
ports-per-controller = 2
$2
[lun lun]
count = 2
size = 8M
$3
[link link0]
hba = hba0
port = 0
latency = 100us
[link link1]
hba = hba0
port = 2
latency = 100us
[link link2]
hba = hba1
port = 1
latency = 100us
[link link3]
hba = hba1
port = 3
latency = 100us
[load load0]
lun = *
read = 50
queue-depth = 4
rate = 100
span = 1M
[timeline]
T
}
run() { # topology, log
    timeout 60 "$MPIO" run --dsm "$DSM" --topology "$1" --for "${duration:-12s}" --quiet --save "$work/run.replay" >"$2" 2>&1 </dev/null
}
expect() { # name, exit code, text of the verdict, actions by ';'
    file=$work/case.ini
    world "${kind:-fc}" "${array:-}" "${lun:-}" >"$file"
    echo "$4" | tr ';' '\n' | sed 's/^ *//' >>"$file"
    run "$file" "$work/log"
    code=$?
    [ $code = "$2" ] && grep -q "^verdict *$3" "$work/log"
    check "$1: exit $code, $(grep -E '^(verdict|mpio:)' "$work/log" | head -1)" $?
    first=$(sed -n 's/.*event stream //p' "$work/log")
    run "$file" "$work/again"
    [ -n "$first" ] && [ "$first" = "$(sed -n 's/.*event stream //p' "$work/again")" ]
    check "$1: the same event stream twice" $?
}
gentle() { # actions: no request may fail
    expect "$1" 0 'GOOD: [0-9]* blocks verified, none stale, torn, misdirected or lost$' "$1"
}
harsh() { # reason, actions: requests do fail, which is allowed
    expect "$2" 0 "GOOD: .* requests failed, which is allowed: $1" "$2"
}

gentle '2s = link hba0 down; 5s = link hba0 up'
gentle '2s = link hba1 target 1 down; 6s = link hba1 target 1 up'
gentle '2s = flap hba0 target 0 3 times 300ms'
gentle '2s = controller array0 0 down; 5s = controller array0 0 up'
gentle '2s = resize array0 0 16M'
gentle '2s = inject array0 0 4 08'
gentle '2s = inject array0 0 4 28; 3s = inject array0 1 2 02 b/47/03'
for code in 29/00 29/01 29/02 29/03 29/04 29/07 2a/01 2a/06 2a/09 3f/05 3f/0e; do
    actions="$actions; $((n += 1))00ms = unit-attention array0 $((n % 2)) $code"
done
gentle "1s = unit-attention array0 0 29/00$actions"
for fault in lose-command lose-completion busy queue-full reorder torn; do
    gentle "2s = path-fault hba0 target 0 $fault 2; 6s = path-fault hba1 target 1 $fault 1"
done
for fault in slow late-completion duplicate late-command; do
    gentle "2s = path-fault hba0 target 0 $fault 2 300ms; 4s = path-fault hba1 target 1 $fault 1 700ms"
done
duration=25s gentle '2s = path-fault hba0 target 0 late-completion 1 11s; 15s = path-fault hba1 target 0 late-command 1 11s'
gentle '2s = switch left down; 5s = switch left up; 8s = switch right down'
gentle '2s = logout hba0 target 0; 5s = rscn hba1'
kind=iscsi gentle '2s = async-logout hba0 target 0 1s 1s; 6s = async-logout hba1 target 0 1s 1ms'
kind=iscsi gentle '2s = redirect hba0 target 0 1'
gentle '2s = bus-reset hba0; 4s = rscn hba0'
kind=sas gentle '2s = bus-reset hba0'
# Removal while the paths arrive, and arrival in any order.
gentle '2s = link hba0 down; 6s = link hba0 up; 6001ms = link hba0 down; 6500ms = link hba0 up; 6501ms = link hba0 target 0 down; 9s = link hba0 target 0 up'
gentle '1s = link hba0 target 0 down; 1s = link hba0 target 1 down; 5s = link hba0 target 1 up; 5010ms = link hba0 target 0 up'
# Access states of an array that does not say it has any (TPGS = 0): every group takes commands, the sample needs to know
# nothing of them.
array='access = both
quirks = hidden-alua'
gentle '2s = reshuffle array0; 4s = move array0 1 1'
gentle '2s = wrong-report array0 missing-group 2; 3s = wrong-report array0 bad-state 2; 4s = wrong-report array0 bad-length 2'
gentle '2s = state array0 0 1 transitioning; 2500ms = state array0 0 1 automatic'
gentle '2s = port array0 0 1 offline; 2200ms = port array0 0 1 online'
array=

harsh 'a LUN was unmapped' '2s = unmap array0 1'
gentle '2s = mask array0 1; 6s = map array0 1' # back before PDORemovePeriod is over
gentle '2s = mask array0 1; 6s = map array0 1 77'
duration=40s harsh 'a LUN was unmapped' '2s = mask array0 1; 30s = map array0 1'
expect 'identity' 0 'GOOD' '2s = identity array0 1 4711; 6s = identity array0 1 1'
harsh 'a LUN became smaller' '2s = resize array0 0 64K'
duration=60s harsh 'an array was without power' '2s = power array0 off; 40s = power array0 on'
duration=40s expect 'power of an HBA' 0 GOOD '2s = hba hba0 power off; 20s = hba hba0 power on'
# Adapters that are pulled and put back; put back before anybody looked; pulled while their LUNs start; the last one.
gentle '2s = hba hba0 remove; 6s = hba hba0 insert'
kind=sas gentle '2s = hba hba0 remove; 2s = hba hba0 insert; 6s = hba hba1 remove; 6010ms = hba hba1 insert'
kind=iscsi gentle '2s = hba hba0 remove; 5s = hba hba0 insert; 5000200us = hba hba0 remove; 5001ms = hba hba0 insert; 5002ms = hba hba0 remove; 8s = hba hba0 insert'
gentle '2s = link hba0 down; 2200ms = hba hba0 remove; 5s = link hba0 up; 6s = hba hba0 insert'
kind=spi gentle '2s = hba hba0 remove; 3s = hba hba0 power on; 5s = hba hba0 insert'
duration=60s harsh 'the last adapter on the way to a LUN was pulled' '2s = hba hba0 remove; 2s = hba hba1 remove; 40s = hba hba1 insert; 41s = hba hba0 insert'
expect 'one machine crashes and boots' 0 'GOOD' '3s = machine node0 crash; 5s = machine node0 boot; 8s = machine node0 crash; 8s = machine node0 boot'
expect 'nobody boots it' 1 'NOT FINISHED: every machine has stopped' '3s = machine node0 crash'
for words in 'hba hba0 remove on' 'hba hba0 power' 'hba hba0 insert off'; do
    world fc '' '' >"$work/case.ini"
    echo "1s = $words" >>"$work/case.ini"
    "$MPIO" check-topology "$work/case.ini" 2>&1 | grep -q 'accepted: hba HBA power|remove|insert \[on|off\]'
    check "refused: $words" $?
done
harsh 'another host reserved a LUN' '2s = ghost array0 0 reserve 3; 6s = ghost array0 0 release'
harsh 'another host reserved a LUN' '2s = ghost array0 0 reserve-unit; 6s = ghost array0 0 release-unit'
for type in 1 3 5 6 7 8; do
    harsh 'another host reserved a LUN' "2s = ghost array0 0 preempt $type; 5s = ghost array0 0 clear"
done
harsh 'another host reserved a LUN' '2s = ghost array0 0 register; 3s = ghost array0 0 reserve 5; 5s = ghost array0 0 unregister'
duration=60s harsh 'the timeline expects errors' '1s = expect errors; 2s = link hba0 down; 2s = link hba1 down; 40s = link hba0 up; 40s = link hba1 up'
# A write cache without battery: what was not flushed may be older than acknowledged, nothing else.
array='volatile-blocks = 512' duration=30s expect 'loss of a volatile cache' 0 'GOOD' \
    '2s = power array0 off; 4s = power array0 on; 8s = power array0 off; 9s = power array0 on'
expect 'machine' 0 'GOOD' '3s = machine node0 pause 2s'

# Without an excuse errors are a finding.
duration=60s expect 'every path gone' 1 'I/O ERRORS' '2s = link hba0 down; 2s = link hba1 down; 40s = link hba0 up; 40s = link hba1 up'
expect 'injected medium errors' 1 'I/O ERRORS' '2s = inject array0 0 1000 02 3/11/00'
expect 'expect none' 1 'I/O ERRORS' '1s = expect errors; 2s = expect none; 3s = inject array0 0 1000 02 3/11/00'

# An array that breaks its own reservation: RELEASE is answered GOOD and changes nothing. The checker keeps books of its own.
cat >"$work/leaky.c" <<'C'
#include "mpio_array_plugin.h"
static void *create(const struct mpio_array_info *info, const char **why)
{
    (void)why;
    return (void *)(uintptr_t)info;
}
static enum mpio_array_verdict command(void *state, struct mpio_array_command *c)
{
    (void)state;
    if (c->cdb[0] != 0x5F || (c->cdb[1] & 0x1F) != 2)
        return MPIO_ARRAY_PASS_ON;
    c->status = 0;
    c->transferred = c->length;
    return MPIO_ARRAY_ANSWERED;
}
static void destroy(void *state)
{
    (void)state;
}
static void finished(void *state, struct mpio_array_command *c)
{
    (void)state, (void)c;
}
const struct mpio_array_plugin *mpio_array_plugin(void)
{
    static const struct mpio_array_plugin plugin = {
        MPIO_ARRAY_PLUGIN_VERSION, sizeof plugin, "leaky", create, destroy, command, finished,
    };
    return &plugin;
}
C
cc -Wall -Wextra -Werror -shared -fPIC -I mpio/include "$work/leaky.c" -o "$work/leaky.so"
check 'the broken array compiles' $?
array="plugin = $work/leaky.so" expect 'an array that keeps a released reservation' 1 'CHECK FAILED: reservation: array0 LUN 0 refused command' \
    '2s = ghost array0 0 reserve 3; 4s = ghost array0 0 release'

# Nobody claims the array: several disks of one LUN get no load.
world fc 'product = Unclaimed' '' | sed 's/^\[machine node0\]/&\nclaim = "OPENMPIOSomething Else  "/' >"$work/twins.ini"
run "$work/twins.ini" "$work/log"
[ $? = 2 ] && grep -q 'LUN lun0 shows as 4 disks of machine node0 (.*): no DSM claimed it (vendor "OPENMPIO", product "Unclaimed")' "$work/log"
check "one LUN, four disks: $(cat "$work/log")" $?

# Swarms: the same seed the same plan and stream; a replay as recorded.
world fc '' '' >"$work/swarm.ini"
swarm() { # seed
    timeout 60 "$MPIO" run --dsm "$DSM" --topology "$work/swarm.ini" --for 60s --swarm --seed "$1" --quiet --save "$work/$1.replay" >"$work/$1.log" 2>&1 </dev/null
}
case ${1:-} in all) seeds=$(seq 1 100) ;; *) seeds='1 2 3 4 5 6 7 8' ;; esac
for seed in $seeds; do
    swarm "$seed"
    check "swarm $seed: $(grep -E '^(verdict|mpio:)' "$work/$seed.log")" $?
done
timeout 60 "$MPIO" replay "$work/2.replay" 2>&1 </dev/null | grep -q 'same event stream'
check 'a replay of a swarm is the same' $?

echo "faults: $passed passed, $failed failed"
[ "$failed" = 0 ]
