#!/bin/sh
# SPDX-License-Identifier: MIT
# mpio target with initiators that nobody here wrote: libiscsi's tools over two portals, CHAP, the control
# socket, ends of controllers, wrong use. The conformance suite is tools/conformance.sh (quick form here).
cd "$(dirname "$0")/../../.." || exit 2
. mpio/cli/tests/target_rig.inc
has() { # name, text, file
    grep -qF -- "$2" "$3"
    check "$1" $?
}
need "libiscsi-bin, python3" iscsi-ls iscsi-inq iscsi-test-cu python3

# One line to a control socket; its answer on standard output.
say() {
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
answer = b""
while not (answer.endswith(b"ok\n") or b"error: " in answer):
    part = s.recv(65536)
    if not part:
        break
    answer += part
print(answer.decode(), end="")' "$work/control" "$*"
}

# ---- discovery, inquiry, data through two controllers ----
cat >"$work/a.ini" <<'END'
[array a0]
access = implicit
controllers = 2
[lun disk]
count = 3
size = 64M
END
start_target plain --topology "$work/a.ini" --listen 127.0.0.1:0,127.0.0.1:0 --control "$work/control"
check "starts" $?
timeout 10 iscsi-ls -s "iscsi://$P1" >"$work/ls" 2>&1
check "discovery" $?
has "first portal with its group tag" "Portal:$P0,1" "$work/ls"
has "second portal with its group tag" "Portal:$P1,2" "$work/ls"
has "three LUNs" "Lun:2" "$work/ls"
timeout 10 iscsi-inq "iscsi://$P0/$N/0" >"$work/inq" 2>&1
check "inquiry" $?
has "implicit ALUA" "TPGS:1" "$work/inq"
timeout 10 iscsi-readcapacity16 "iscsi://$P1/$N/2" >"$work/capacity" 2>&1
has "capacity" "Total size:67108864" "$work/capacity"
for t in Read10.Simple Write16.Simple MultipathIO.Simple ProutRegister.Simple iSCSIResiduals.Write10Residuals; do
    timeout 20 iscsi-test-cu -d -n -S -t "ALL.$t" "iscsi://$P0/$N/0" "iscsi://$P1/$N/0" >"$work/$t" 2>&1
    check "$t" $?
done

# ---- hostile initiators: one honest session is served all the while, memory stays ----
rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/$PID/status; }
cat >"$work/hostile.py" <<'END'
import os, socket, struct, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from wire import Session
address, target, repeat = sys.argv[2], sys.argv[3], int(sys.argv[4])
place = (address.rsplit(":", 1)[0], int(address.rsplit(":", 1)[1]))
honest = Session(address, target, 0)
honest.command([0] * 6, 0)
def served():
    data, sense = honest.command([0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0], 4096)
    if sense or len(data) != 4096:
        sys.exit("the honest session is not served")
for n in range(repeat):                                       # logins under ever new names, dropped at once
    Session(address, target, 0, "iqn.2026-01.test:loop%d" % n).socket.close()
served()
half = []
for n in range(10 * repeat):                                  # never a byte; 200 at a time
    half.append(socket.create_connection(place, 10))
    if len(half) > 200:
        half.pop(0).close()
served()
for n in range(repeat):                                       # 8 KiB of login text again and again; garbage
    s = socket.create_connection(place, 10)
    login = struct.pack(">BBH I 6sH IHHII16x", 0x43, 0x44, 0, 0, b"\x80\0\0\0\0\2", 0, 1, 0, 0, 1, 0)
    login = login[:5] + (8192).to_bytes(3, "big") + login[8:]
    try:
        for i in range(4):
            s.sendall(login + b"a" * 8192 if n % 2 else bytes(range(256)) * 8)
    except OSError:
        pass                                                  # thrown out, as it should be
    s.close()
served()
END
timeout 20 python3 "$work/hostile.py" mpio/cli/tests "$P0" "$N" 50 2>"$work/hostile" # warms caches up
check "hostile initiators: $(cat "$work/hostile")" $?
before=$(rss)
timeout 30 python3 "$work/hostile.py" mpio/cli/tests "$P0" "$N" 200 2>"$work/hostile"
check "more of them: $(cat "$work/hostile")" $?
[ "$(rss)" -lt $((before + 4096)) ]
check "memory stays: $before kB before, $(rss) kB after" $?
sleep 0.2
say status >"$work/status"
has "none of them is left" "sessions 0 " "$work/status"
[ "$(wc -l <"$work/plain.err")" -lt 200 ]
check "the log is not flooded: $(wc -l <"$work/plain.err") lines" $?

# ---- control socket ----
say help >"$work/help"
has "help lists the portals' commands" "redirect PORTAL" "$work/help"
has "help lists the timeline's" "unit-attention ARRAY LUN" "$work/help"
say status >"$work/status"
has "status" "portal 0 $P0 port 0 link up" "$work/status"
[ "$(stat -c %a "$work/control")" = 600 ]
check "the socket is for this user only" $?
say melt a0 >"$work/melt"
has "an unknown command is an error" "error: " "$work/melt"
[ "$(say controller a0 1 down)" = ok ]
check "a controller goes down" $?
timeout 5 iscsi-inq "iscsi://$P1/$N/0" >"$work/down" 2>&1
[ $? != 0 ]
check "nobody listens at its portal" $?
timeout 5 iscsi-inq "iscsi://$P0/$N/0" >/dev/null 2>&1
check "the other one serves" $?
[ "$(say controller a0 1 up)" = ok ]
check "it comes back" $?
timeout 5 iscsi-inq "iscsi://$P1/$N/0" >/dev/null 2>&1
check "at the same address" $?
[ "$(say redirect 0 "$P1")" = ok ]
check "redirection" $?
timeout 5 iscsi-inq "iscsi://$P0/$N/0" >"$work/moved" 2>&1
check "a login follows it" $?
say status >"$work/status"
has "status tells it" "redirected to $P1" "$work/status"
[ "$(say unmap a0 2)" = ok ]
check "a LUN is unmapped" $?
timeout 10 iscsi-ls -s "iscsi://$P1" >"$work/ls" 2>&1
! grep -q 'Lun:2' "$work/ls"
check "and gone from the list" $?
say quit >/dev/null
wait $PID
check "quit ends it with status 0" $?
[ ! -e "$work/control" ]
check "its socket is removed" $?

# ---- CHAP ----
cat >"$work/chap.ini" <<'END'
[array a0]
user = alice
secret = "initiator-secret"
target-user = array
target-secret = "target-secret-1"
[lun disk]
size = 64M
END
start_target chap --topology "$work/chap.ini" --listen 127.0.0.1:0
timeout 5 iscsi-inq "iscsi://$P0/$N/0" >/dev/null 2>&1
[ $? != 0 ]
check "no CHAP, no login" $?
timeout 5 iscsi-inq "iscsi://alice%initiator-secret@$P0/$N/0" >/dev/null 2>&1
check "CHAP one way" $?
timeout 5 iscsi-inq "iscsi://alice%initiator-secret@$P0/$N/0?target_user=array&target_password=target-secret-1" >"$work/mutual" 2>&1
check "CHAP mutual" $?
timeout 5 iscsi-inq "iscsi://alice%wrong-secret-123@$P0/$N/0" >/dev/null 2>&1
[ $? != 0 ]
check "a wrong secret" $?
timeout 5 iscsi-inq "iscsi://alice%initiator-secret@$P0/$N/0?target_user=array&target_password=wrong-secret-123" >/dev/null 2>&1
[ $? != 0 ]
check "a target that cannot prove itself is left" $?
end_target
check "SIGTERM ends it with status 0" $?
has "refusals are logged" "login of \"" "$work/chap.err"

# ---- wrong use ----
refused() { # name, text, arguments...
    name=$1 text=$2
    shift 2
    timeout 10 "$MPIO" target "$@" >"$work/refused" 2>&1
    [ $? = 2 ] && grep -qF -- "$text" "$work/refused"
    check "$name" $?
}
refused "no topology" "no --topology" --listen 127.0.0.1:0
refused "no address" "no --listen" --topology "$work/a.ini"
refused "not an address" "ADDRESS:PORT" --topology "$work/a.ini" --listen localhost:3260
refused "more addresses than ports" "array port 2" --topology "$work/a.ini" --listen 127.0.0.1:0,127.0.0.1:0,127.0.0.1:0
refused "open address without CHAP" "--no-auth" --topology "$work/a.ini" --listen 0.0.0.0:0
refused "unknown array" "no [array b9]" --topology "$work/a.ini" --listen 127.0.0.1:0 --array b9
refused "unknown option" "unknown option: --lisen" --topology "$work/a.ini" --lisen x
start_target open --topology "$work/a.ini" --listen 0.0.0.0:0 --no-auth
check "open address with --no-auth" $?
timeout 10 iscsi-ls "iscsi://127.0.0.1:${P0##*:}" >"$work/any" 2>&1
has "is told as the address the initiator came to" "Portal:127.0.0.1:${P0##*:},1" "$work/any"
end_target

echo "target: $passed passed, $failed failed"
[ "$failed" = 0 ]
