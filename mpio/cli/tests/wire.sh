#!/bin/sh
# SPDX-License-Identifier: MIT
# What arrays say on the wire, read by programs that nobody here wrote: every VPD page of array families in
# docs/profiles is fetched by a raw initiator (wire.py) from mpio target, decoded by sg_inq and sg_vpd and held
# against the profile.  wire.sh [all]: every family; without, five that differ most.
cd "$(dirname "$0")/../../.." || exit 2
. mpio/cli/tests/target_rig.inc
has() { # name, text, file
    grep -qF -- "$2" "$3"
    check "$1: $2" $?
}
same() { # name, expected, found
    [ "$2" = "$3" ]
    check "$1: expected '$2', found '$3'" $?
}
need "sg3-utils, python3" sg_inq sg_vpd sg_decode_sense python3

# key NAME DEFAULT: a value of the profile without quotes and comment.
key() {
    value=$(sed -n "s/^$1 *= *//p" "$profile" | sed 's/ *;.*//; s/^"//; s/"$//')
    echo "${value:-$2}"
}
byte() { # file, offset: decimal
    od -An -tu1 -j"$2" -N1 "$1" | tr -d ' '
}
# The words that sg_vpd has for a designator of the profile.
words() {
    case $1 in
    naa) echo "designator type: NAA" ;;
    t10 | long-t10) echo "designator type: T10 vendor identification" ;;
    eui64) echo "designator type: EUI-64 based" ;;
    name) echo "designator type: SCSI name string" ;;
    vendor) echo "designator type: vendor specific" ;;
    relative-port) echo "designator type: Relative target port" ;;
    port-group) echo "designator type: Target port group" ;;
    lun-group) echo "designator type: Logical unit group" ;;
    port-name) echo "Target port:" ;;
    target-name) echo "Target device that contains addressed lu:" ;;
    esac
}
transport_words() {
    case $1 in
    fc) echo "Fibre Channel" ;;
    iscsi) echo "Internet SCSI" ;;
    sas) echo "Serial Attached SCSI" ;;
    esac
}

fetch() { # profile name, extra lines of [lun]
    printf '[array a0]\nprofile = %s\n[lun disk]\nsize = 64M\n%b' "$1" "$2" >"$work/topology.ini"
    start_target array --topology "$work/topology.ini" --listen 127.0.0.1:0 || return 1
    rm -rf "$work/raw" && mkdir "$work/raw"
    timeout 10 python3 mpio/cli/tests/wire.py "$P0" "$N" 0 "$work/raw" && end_target
}

family() {
    profile=docs/profiles/$1.ini
    fetch "$1" "physical-block = 4096\n"
    code=$?
    check "$1: pages fetched" $code
    [ $code = 0 ] || return
    raw=$work/raw
    for f in "$raw"/vpd_??; do
        sg_vpd --raw --inhex="$f" >"$f.txt" 2>&1
        check "$1: sg_vpd reads $(basename "$f")" $?
    done
    sg_inq --raw --inhex="$raw/inquiry" >"$raw/inquiry.txt" 2>&1
    check "$1: sg_inq" $?
    access=$(key access symmetric)
    quirks=$(key quirks)
    ports=$(($(key controllers 2) * $(key ports-per-controller 1)))
    case $access in implicit) tpgs=1 ;; explicit) tpgs=2 ;; both) tpgs=3 ;; *) tpgs=0 ;; esac
    case $quirks in *hidden-alua*) tpgs=0 ;; esac
    same "$1: vendor" "$(key vendor OPENMPIO)" "$(sed -n 's/^ Vendor identification: *//p' "$raw/inquiry.txt" | sed 's/ *$//')"
    same "$1: product" "$(key product 'Simulated Array')" "$(sed -n 's/^ Product identification: *//p' "$raw/inquiry.txt" | sed 's/ *$//')"
    same "$1: revision" "$(key revision 1.0)" "$(sed -n 's/^ Product revision level: *//p' "$raw/inquiry.txt" | sed 's/ *$//')"
    has "$1" "TPGS=$tpgs " "$raw/inquiry.txt"
    has "$1" "[SPC-4]" "$raw/inquiry.txt"
    has "$1" "MultiP=$((ports > 1)) " "$raw/inquiry.txt"

    case $quirks in
    *no-page-83*)
        [ ! -e "$raw/vpd_83" ]
        check "$1: no page 83h" $?
        ;;
    *)
        transport=$(key transport none)
        count=0
        for d in $(key designators "naa, t10, name, port-name, relative-port, port-group, target-name" | tr ',' ' '); do
            case $transport/$d in
            none/port-name | none/target-name | spi/port-name | spi/target-name) continue ;; # they have no names
            */port-name | */target-name) has "$1" "transport: $(transport_words "$transport")" "$raw/vpd_83.txt" ;;
            esac
            count=$((count + 1))
            has "$1" "$(words "$d")" "$raw/vpd_83.txt"
        done
        same "$1: designators" $count "$(grep -c 'designator type:' "$raw/vpd_83.txt")"
        ;;
    esac
    serial=$(sed -n 's/^ *Unit serial number: //p' "$raw/vpd_80.txt")
    [ -n "$serial" ]
    check "$1: serial number" $?
    [ ! -e "$raw/vpd_83" ] || ! grep -q 'T10 vendor' "$raw/vpd_83.txt" || has "$1: T10 designator" "$serial" "$raw/vpd_83.txt"
    has "$1" "HEADSUP=1 ORDSUP=1 SIMPSUP=1" "$raw/vpd_86.txt"
    if [ "$(key volatile-blocks 0)" = 0 ]; then
        has "$1" "NV_SUP=1 V_SUP=0" "$raw/vpd_86.txt"
    else
        has "$1" "NV_SUP=0 V_SUP=1" "$raw/vpd_86.txt"
    fi
    same "$1: ports of page 88h" $ports "$(grep -c 'Relative port=' "$raw/vpd_88.txt")"
    has "$1" "Write same non-zero (WSNZ): 0" "$raw/vpd_b0.txt"
    has "$1" "Maximum compare and write length: 128 blocks" "$raw/vpd_b0.txt"
    has "$1" "Maximum unmap LBA count: 1048576" "$raw/vpd_b0.txt"
    has "$1" "Maximum unmap block descriptor count: 256" "$raw/vpd_b0.txt"
    has "$1" "Maximum write same length: 0x8000 blocks" "$raw/vpd_b0.txt"
    has "$1" "Maximum atomic transfer length: 2048 blocks" "$raw/vpd_b0.txt"
    has "$1" "Non-rotating medium" "$raw/vpd_b1.txt"
    has "$1" "Provisioning type: 2" "$raw/vpd_b2.txt"
    sg_decode_sense --binary="$raw/vpd_c0.sense" >"$raw/c0.txt" 2>&1
    has "$1: page C0h" "Invalid field in cdb" "$raw/c0.txt"
    same "$1: 2^3 logical blocks in a physical one" 3 "$(byte "$raw/capacity" 13)"
    [ "$access" = active-passive ] && return
    seconds=$(key transition 0ms | awk '/ms$/ {print int(($1 + 999) / 1000); next} {print $1 + 0}')
    same "$1: extended header of REPORT TARGET PORT GROUPS" "16 $seconds" "$(byte "$raw/groups" 4) $(byte "$raw/groups" 5)"
}

families="oldguard shyalua jumble nameless harborline"
[ "$1" = all ] && families=$(cd docs/profiles && ls ./*.ini | sed 's,^./,,; s,\.ini$,,')
for f in $families; do
    family "$f"
done

echo "wire: $passed passed, $failed failed"
[ "$failed" = 0 ]
