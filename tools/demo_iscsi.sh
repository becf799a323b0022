#!/bin/sh
# SPDX-License-Identifier: MIT
# The second half of the demonstration: the sample DSM on two real iSCSI sessions to a tgtd of our own on
# loopback. Each session runs through a proxy; one is cut after 2 s and returns at 4.5 s. Checks what it
# shows: both paths carry I/O, then the other one alone, then both again, and every block read was right.
# Exit code 0 when all of that was so, 1 when not, 2 when something to run it with is missing.
cd "$(dirname "$0")/.." || exit 2
MPIO=build/rel/bin/mpio
DSM=build/dsm_sample/rel/dsm_sample.so
PROXY=build/rel/bin/path_proxy
# In memory where that is possible: a disk that others keep busy would show as stalls of ours.
base=/tmp
[ -w /dev/shm ] && base=/dev/shm
dir=$(mktemp -d $base/mpio-demo.XXXXXX) || exit 2
out=build/demo
pids=

clean_up() {
    exec 8>&- 9>&- # the proxies end with their standard input
    for pid in $pids; do kill -9 "$pid" 2>/dev/null; done # at once: its I/O would wait for the target
    sh tools/tgt_rig.sh stop "$dir/tgt"
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
fail() {
    echo "demo: $*" >&2
    exit 1
}
# The value of NAME=value in a file, as soon as it is there.
value() {
    tries=200
    until grep -q "^$1=" "$2" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.01
    done
    sed -n "s/^$1=//p" "$2"
}

command -v tgtd >/dev/null && command -v tgtadm >/dev/null || {
    echo "demo: the real half needs tgtd and tgtadm; Debian and Ubuntu: apt-get install tgt" >&2
    exit 2
}
for file in $MPIO $DSM; do
    [ -f $file ] || { echo "demo: $file is not built; run make" >&2; exit 2; }
done
mkdir -p $out
[ $PROXY -nt tools/path_proxy.c ] || ${CC:-cc} -O2 -o $PROXY tools/path_proxy.c || exit 2

# ---- the target, and a proxy for each of its portals ----
sh tools/tgt_rig.sh start "$dir/tgt" 2 64M >"$dir/rig" || exit 2
target=$(value TARGET "$dir/rig")
mkfifo "$dir/say0" "$dir/say1" || exit 2
n=0
for portal in $(sed -n 's/^PORTAL=//p' "$dir/rig"); do
    $PROXY "$portal" <"$dir/say$n" >"$dir/proxy$n" &
    pids="$pids $!"
    n=$((n + 1))
done
proxies=$pids
exec 8>"$dir/say0" 9>"$dir/say1"
port0=$(value PORT "$dir/proxy0") && port1=$(value PORT "$dir/proxy1") || fail "a proxy does not start"

cat >$out/iscsi.ini <<TOPOLOGY
; Written by tools/demo_iscsi.sh: two sessions to one target, each through a proxy that can be hurt.
[machine node0]
parameter = UseCustomPathRecoveryInterval, 1 ; ask about a failed path ...
parameter = PathRecoveryInterval, 1          ; ... every second, not every 40 s as without these two

[hba iscsi0]
kind = iscsi
initiator = iqn.2026-01.org.openmpio:demo-0

[hba iscsi1]
kind = iscsi
initiator = iqn.2026-01.org.openmpio:demo-1

[path path0]
hba = iscsi0
portal = 127.0.0.1:$port0
target = $target
timeout = 5s

[path path1]
hba = iscsi1
portal = 127.0.0.1:$port1
target = $target
timeout = 5s

[load load0]
lun = *
read = 70
queue-depth = 8
rate = 500                      ; I/Os per second and LUN
span = 2M                       ; small, so that most reads meet a block that was written
TOPOLOGY

# ---- the run ----
: >$out/iscsi.log
$MPIO run --dsm $DSM --topology $out/iscsi.ini --for 8s --report $out/iscsi.html \
    --trace "$dir/trace" </dev/null >$out/iscsi.log 2>&1 &
run=$!
pids="$pids $run"
tail -n +1 -s 0.1 -f --pid=$run $out/iscsi.log &
shown=$!
pids="$pids $shown"
tries=500
until grep -q '^I/Os at' $out/iscsi.log; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] && kill -0 $run 2>/dev/null || fail "the run does not get to its load"
    sleep 0.02
done
sleep 2
echo "---- cut: session 0 is reset, and its portal refuses new ones"
echo down >&8
sleep 2.5
echo "---- the portal of session 0 accepts again"
echo resume >&8
wait $run
code=$?
wait $shown
pids=$proxies

# ---- was it so? ----
[ $code = 0 ] || fail "mpio run ended with exit code $code"
# Seconds 1 and 2 are before the cut, 4 lies wholly within it, 7 and 8 are after the return.
awk '
    $2 == "s" && $1 ~ /^[0-9]+$/ { zero[$1] = $3; one[$1] = $5; last = $1 }
    function want(true, what) { if (!true) { print "demo: not so: " what; bad = 1 } }
    END {
        want(last == 8, "eight seconds of figures")
        want(zero[1] > 0 && one[1] > 0, "both paths carry I/O before the cut")
        want(zero[4] == 0, "path 0 carries nothing during the cut")
        want(one[4] > 0, "path 1 carries I/O during the cut")
        want(zero[8] > 0 && one[8] > 0, "both paths carry I/O after the return")
        if (!bad)
            print "path 0: " zero[1] " I/Os in second 1, " zero[4] " in second 4 (cut), " zero[8] " in second 8 (back); " \
                  "path 1: " one[1] ", " one[4] ", " one[8]
        exit bad
    }' $out/iscsi.log || exit 1
grep -q '^verdict   GOOD' $out/iscsi.log || fail "the verdict is not GOOD"

# How long those I/Os took to be done on the other path, from the event stream: counted from the moment the loss was
# known, or for one that came to the path just after it, from then.
awk '
    !moved && $5 == "link" && $6 == "hba=0" && $8 == "state=0" { at = $1 }
    at && !moved && $5 == "cdb" && $6 ~ /^nexus_lun=[0-9]+$/ && $8 == "status_sense=0x200000000" {
        lun = substr($6, 11) - 1
        if (!lost[lun]++)
            begun[lun] = $4 == "irql5" ? at : $1
        n++
    }
    at && $5 == "failover" { moved = 1 }
    moved && $5 == "io-done" && (lun = substr($6, 5)) in lost && --lost[lun] == 0 {
        if ($1 - begun[lun] > longest)
            longest = $1 - begun[lun]
        delete lost[lun]
    }
    END {
        if (n)
            printf "%d I/O%s failed over from the cut session; done on the other within %.1f ms of the reset\n", n,
                   n == 1 ? "" : "s", longest * 1000
    }' "$dir/trace"
