#!/bin/sh
# SPDX-License-Identifier: MIT
# mpio run on real iSCSI sessions: a private tgtd on loopback, a proxy for each session that can be hurt.
# Paths cut, silent, taken out by the timeline and back; a target that dies; CHAP; a target that is not there.
# Everything waits with deadlines and ends by process id.
cd "$(dirname "$0")/../../.." || exit 2
root=$PWD
CFG=${CFG:-rel} # build whose programs run: rel, asan
MPIO=$root/build/$CFG/bin/mpio
DSM=$root/build/dsm_sample/$CFG/dsm_sample.so
PROXY=$root/build/rel/bin/path_proxy
RIG=$root/tools/tgt_rig.sh
passed=0 failed=0
pids= rigs= shown=
base=/tmp
[ -w /dev/shm ] && base=/dev/shm # a busy disk would look like a slow path
dir=$(mktemp -d $base/mpio-iscsi.XXXXXX) || exit 2
cd "$dir" || exit 2

clean_up() {
    exec 8>&- 9>&-
    for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
    for rig in $rigs; do sh "$RIG" stop "$rig"; done
    cd / && rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if ! command -v tgtd >/dev/null || ! command -v tgtadm >/dev/null; then
    echo "iscsi: tgtd is not installed (Debian and Ubuntu: apt-get install tgt)"
    echo "iscsi: 0 passed, 1 failed"
    exit 1
fi
[ "$PROXY" -nt "$root/tools/path_proxy.c" ] || ${CC:-cc} -O2 -o "$PROXY" "$root/tools/path_proxy.c" || exit 2

# ---- helpers ----
check() { # what, command...: passes when the command does
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "iscsi: FAILED: $situation: $what"
        [ "$shown" = "$log" ] || tail -40 "$log" | sed 's/^/    /'
        shown=$log
    fi
}
# At most $1 tenths of a second until the command succeeds.
wait_for() {
    tries=$(($1 * 5))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.02
    done
}
says() { grep -qF -- "$1" "$log"; }
value() { sed -n "s/^$1=//p" "$2"; }
has_value() { grep -q "^$1=" "$2" 2>/dev/null; }
start_proxy() { # 0 or 1, portal
    mkfifo "say$1"
    "$PROXY" "$2" <"say$1" >"proxy$1" 2>&1 &
    pids="$pids $!"
}
topology() { # portal of path 0, portal of path 1, more lines for both paths
    cat <<TOPOLOGY
[machine node0]
parameter = UseCustomPathRecoveryInterval, 1
parameter = PathRecoveryInterval, 1
[hba iscsi0]
kind = iscsi
initiator = iqn.2026-01.org.openmpio:test-0
[hba iscsi1]
kind = iscsi
initiator = iqn.2026-01.org.openmpio:test-1
[path path0]
hba = iscsi0
portal = $1
target = ${NAME:-$target}
timeout = 2s
$3
[path path1]
hba = iscsi1
portal = $2
target = ${NAME:-$target}
timeout = 2s
$3
[load load0]
lun = *
read = 60
queue-depth = 4
rate = 200
span = 1M
TOPOLOGY
}
begin() { # situation, topology file, options...: starts mpio run (--foreground: one signal stays one)
    situation=$1 ini=$2 log=$dir/$(echo "$1" | tr ' ' '-').log
    shift 2
    : >"$log"
    timeout --foreground -k 1 30 "$MPIO" run --dsm "$DSM" --topology "$ini" "$@" </dev/null >"$log" 2>&1 &
    run=$!
    pids="$pids $run"
}
loaded() { wait_for 50 says 'I/Os at'; }
end() { # exit code wanted
    wait "$run"
    code=$?
    [ $code = "$1" ] || echo "iscsi: exit code $code, want $1"
    [ $code = "$1" ]
}
# The figure of column $2 (0 or 1) in second $1.
figure() { awk -v s="$1" -v c="$2" '$1 == s && $2 == "s" { print $(3 + 2 * c) }' "$log"; }
carries() { [ "$(figure "$1" "$2")" -gt 0 ] 2>/dev/null; }
idle() { [ "$(figure "$1" "$2")" = 0 ]; }
# "LUNs active" of a path in the table at the end.
active() { awk -v name="$1" '$2 == name && $6 == "of" { print $5 " of " $7 }' "$log"; }
stall_below() { awk -v limit="$1" '$1 == "I/O" { for (i = 1; i < NF; i++) if ($i == "stall") exit !($(i + 1) < limit) }' "$log"; }
second() { wait_for $(($1 * 10 + 20)) grep -q "^ *$1 s " "$log"; }

# ---- the rig ----
rigs=$dir/a
CHAP_USER=alice CHAP_SECRET=wonderland-12 sh "$RIG" start "$dir/a" 2 16M >rig.a || exit 1
target=$(value TARGET rig.a)
direct=$(sed -n 's/^PORTAL=//p' rig.a | head -1)
n=0
for portal in $(value PORTAL rig.a); do
    start_proxy $n "$portal"
    n=$((n + 1))
done
exec 8>say0 9>say1
wait_for 20 has_value PORT proxy0 && wait_for 20 has_value PORT proxy1 || exit 1
p0=127.0.0.1:$(value PORT proxy0) p1=127.0.0.1:$(value PORT proxy1)
topology "$p0" "$p1" >two.ini

# ---- cut and return ----
begin "cut and return" two.ini --for 7s
check "load begins" loaded
check "second 1 comes" second 1
echo down >&8
check "second 4 comes" second 4
echo resume >&8
check "ends well" end 0
check "data" says "verdict   GOOD"
check "path 0 before the cut" carries 1 0
check "path 0 during the cut" idle 4 0
check "path 1 during the cut" carries 4 1
check "path 0 after the return" carries 7 0
check "both LUNs active on path 0 again" [ "$(active iscsi0)" = "2 of 2" ]
check "two pseudo-LUNs, not four" [ "$(grep -c '^MPIO Disk' "$log")" = 2 ]
check "the loss is told" says "lost: connection lost"

# ---- black hole: silent for two seconds, found within the 2 s of `timeout` ----
begin "black hole" two.ini --for 6s
check "load begins" loaded
check "second 1 comes" second 1
echo blackhole >&9
check "found in time" wait_for 20 says "silent"
check "second 4 comes" second 4
echo resume >&9
check "ends well" end 0
check "data" says "verdict   GOOD"
check "path 1 during the silence" idle 4 1
check "path 0 during the silence" carries 4 0
check "no I/O waits longer than the time-out" stall_below 2
check "path 1 is used again" [ "$(active iscsi1)" = "2 of 2" ]

# ---- the timeline takes real paths out and puts them back; path 0 is out so long that PnP removes it ----
{
    sed '/^initiator.*test-0/a link-down-time = 100ms\ndev-loss-time = 500ms' two.ini
    printf '[timeline]\n1s = link iscsi0 down\n2s = link iscsi0 up\n2600ms = flap iscsi1 target 0 1 times 100ms\n'
} >timeline.ini
begin "timeline" timeline.ini --for 4s --trace timeline.trace
check "ends well" end 0
check "data" says "verdict   GOOD"
check "taken out" says "lost: taken out of use"
check "path 0 removed and arrived anew" [ "$(awk '$5 == "link" && $6 == "hba=0" { printf "%s ", $8 }' timeline.trace)" = \
    "state=3 state=0 state=2 state=3 " ]
check "all active at the end" [ "$(active iscsi0), $(active iscsi1)" = "2 of 2, 2 of 2" ]

# ---- one path is not there at the start, and comes ----
echo down >&8
begin "late path" two.ini --for 4s
check "load begins on the other" loaded
echo resume >&8
check "ends well" end 0
check "data" says "verdict   GOOD"
check "path 0 arrived" carries 4 0

# ---- tgtd dies under both paths and comes back ----
rigs="$rigs $dir/b"
sh "$RIG" start "$dir/b" 1 16M >rig.b || exit 1
topology $(value PORTAL rig.b) >dying.ini
begin "target dies and returns" dying.ini --for 6s
check "load begins" loaded
check "second 1 comes" second 1
kill -9 "$(value PID rig.b)"
check "both are lost" wait_for 20 says "iscsi1 target 0 (portal 127.0.0.2"
sleep 0.5
PORT=$(value PORT rig.b) sh "$RIG" start "$dir/b" 1 16M >again || exit 1
check "ends well" end 0
check "data" says "verdict   GOOD"
check "I/O goes on" carries 6 0

# ---- CHAP ----
NAME=$target-chap topology "$direct" "$p1" "user = alice
secret = wonderland-12" >chap.ini
begin "CHAP" chap.ini --for 1s
check "ends well" end 0
check "data" says "verdict   GOOD"
sed 's/wonderland-12/looking-glass/' chap.ini >wrong.ini
begin "CHAP with a wrong secret" wrong.ini --for 1s
check "refuses to run" end 2
check "portal and reason" grep -q "portal $direct, $target-chap: login failed:.*Authentication failure" "$log"
NAME=$target-chap topology "$direct" "$p1" >none.ini
begin "CHAP without a secret" none.ini --for 1s
check "refuses to run" end 2
check "portal and reason" grep -q "portal $direct, $target-chap: login failed" "$log"

# ---- nobody there ----
sh "$RIG" stop "$dir/b"
begin "target absent" dying.ini --for 1s
check "refuses to run" end 2
check "portal and reason" grep -q "portal 127.0.0.1:$(value PORT rig.b), .*Connection refused" "$log"
NAME=iqn.2026-11.org.openmpio:nobody topology "$direct" "$p1" >nobody.ini
begin "target name unknown" nobody.ini --for 1s
check "refuses to run" end 2
check "portal and reason" grep -q "portal $direct, iqn.2026-11.org.openmpio:nobody: login failed:.*Target not found" "$log"

# ---- stop in the middle ----
begin "interrupted" two.ini --for 20s
check "load begins" loaded
check "second 1 comes" second 1
kill -TERM $run
check "ends well" end 0
check "says so" says "interrupted"
check "verdict and tables" says "verdict   GOOD"

echo "iscsi: $passed passed, $failed failed"
[ $failed = 0 ]
