#!/bin/sh
# SPDX-License-Identifier: MIT
# A private tgtd on loopback for tests and the demo: needs no privileges and no kernel module, and never
# touches another tgtd (its control socket lies in DIR).
#
#   tools/tgt_rig.sh start DIR N_LUNS [SIZE]   SIZE: of each LUN as dd takes it (default 64M), or `null`
#   tools/tgt_rig.sh stop DIR
#
# start prints PORT=, PID=, TARGET= and one PORTAL= line for each portal. Both portals lead to the same
# logical units. PORT in the environment asks for that port (a restart after a crash keeps its clients).
# CHAP_USER, CHAP_SECRET (12 to 16 characters) add the target TARGET-chap with the same first LUN behind
# CHAP; CHAP_TARGET_USER, CHAP_TARGET_SECRET make it mutual.
NAME=iqn.2026-11.org.openmpio:rig
ADDRESSES="127.0.0.1 127.0.0.2"

die() {
    echo "tgt_rig: $*" >&2
    exit 1
}
usage() {
    die "usage: tgt_rig.sh start DIR N_LUNS [SIZE|null] | stop DIR"
}
adm() {
    tgtadm -C 0 --lld iscsi "$@"
}
must() {
    adm "$@" >>"$DIR/adm.log" 2>&1 || fail "tgtadm $* failed: $(tail -n 1 "$DIR/adm.log")"
}
fail() {
    stop_tgtd
    die "$*"
}
# By pid only, and only when that process still is a tgtd. tgtd ignores SIGTERM.
stop_tgtd() {
    [ -f "$DIR/pid" ] || return 0
    pid=$(cat "$DIR/pid")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tgtd ]; then
        kill -9 "$pid"
        while kill -0 "$pid" 2>/dev/null && [ "$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null)" != Z ]; do
            sleep 0.005
        done
    fi
    rm -f "$DIR/pid" "$DIR"/sock*
}

# True when tgtd answers and listens on port $1; gives up after five seconds or when it has died.
start_tgtd() {
    tgtd -f -C 0 --iscsi portal=127.0.0.1:"$1" </dev/null >"$DIR/log" 2>&1 &
    echo $! >"$DIR/pid"
    tries=500
    until adm --mode portal --op show 2>/dev/null | grep -q "127.0.0.1:$1"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 "$(cat "$DIR/pid")" 2>/dev/null || return 1
        sleep 0.01
    done
}

add_lun() { # target, LUN, number that its identity is made of
    if [ "$SIZE" = null ]; then
        must --mode logicalunit --op new --tid "$1" --lun "$2" --bstype null --backing-store 64
    else
        must --mode logicalunit --op new --tid "$1" --lun "$2" --backing-store "$DIR/lun$3.img"
    fi
    must --mode logicalunit --op update --tid "$1" --lun "$2" --params \
        "vendor_id=OPENMPIO,product_id=RIG,product_rev=1.00,scsi_id=6001405$(printf '%025x' "$3"),scsi_sn=RIG$(printf '%05d' "$3")"
}

start() {
    command -v tgtd >/dev/null && command -v tgtadm >/dev/null ||
        die "tgtd is not installed; Debian and Ubuntu: apt-get install tgt"
    mkdir -p "$DIR" && chmod 0700 "$DIR" || die "cannot make the directory $DIR"
    [ ${#DIR} -le 90 ] || die "the name $DIR is too long for a control socket (90 bytes at most)"
    stop_tgtd
    first=${PORT:-$((20000 + $$ * 13 % 20000))}
    port=$first
    until start_tgtd "$port"; do
        stop_tgtd
        [ -z "$PORT" ] || die "tgtd does not start on port $port: $(tail -n 1 "$DIR/log")"
        port=$((port + 101))
        [ $port -lt $((first + 2020)) ] || die "tgtd does not start: $(tail -n 1 "$DIR/log"); see $DIR/log"
    done
    for address in $ADDRESSES; do
        [ "$address" = 127.0.0.1 ] || must --mode portal --op new --param "portal=$address:$port"
    done
    must --mode target --op new --tid 1 --targetname $NAME
    n=1
    while [ $n -le "$LUNS" ]; do
        [ "$SIZE" = null ] || [ -f "$DIR/lun$n.img" ] ||
            dd if=/dev/zero of="$DIR/lun$n.img" bs=1 count=0 seek="$SIZE" 2>/dev/null ||
            fail "cannot make $DIR/lun$n.img of size $SIZE"
        add_lun 1 $n $n
        n=$((n + 1))
    done
    must --mode target --op bind --tid 1 --initiator-address ALL
    if [ -n "$CHAP_USER" ]; then
        must --mode target --op new --tid 2 --targetname $NAME-chap
        add_lun 2 1 1
        must --mode account --op new --user "$CHAP_USER" --password "$CHAP_SECRET"
        must --mode account --op bind --tid 2 --user "$CHAP_USER"
        if [ -n "$CHAP_TARGET_USER" ]; then
            must --mode account --op new --user "$CHAP_TARGET_USER" --password "$CHAP_TARGET_SECRET"
            must --mode account --op bind --tid 2 --user "$CHAP_TARGET_USER" --outgoing
        fi
        must --mode target --op bind --tid 2 --initiator-address ALL
    fi
    echo "PORT=$port"
    echo "PID=$(cat "$DIR/pid")"
    echo "TARGET=$NAME"
    for address in $ADDRESSES; do
        echo "PORTAL=$address:$port"
    done
}

[ $# -ge 2 ] || usage
DIR=$2
export TGT_IPC_SOCKET="$DIR/sock"
case $1 in
start)
    LUNS=$3
    SIZE=${4:-64M}
    case $LUNS in '' | *[!0-9]*) usage ;; esac
    [ "$LUNS" -ge 1 ] && [ "$LUNS" -le 255 ] || die "N_LUNS is $LUNS; 1 to 255"
    start
    ;;
stop)
    stop_tgtd
    ;;
*) usage ;;
esac
