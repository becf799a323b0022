#!/bin/sh
# SPDX-License-Identifier: MIT
# libiscsi's conformance suite (iscsi-test-cu) against `mpio target` and tgt in one run: one process per test
# with a time limit, a thin LUN, two portals. Prints a table and why each test was skipped or failed; the
# judgement of what our target does not pass is in docs/conformance.md.
#
#   tools/conformance.sh [quick|all] [MPIO]     quick: about 40 tests, our target only; MPIO: the program
#
# Failures that docs/conformance.md argues (its lines `| ALL.X.Y | ... |` under "Failures") do not count.
# Last line: `conformance: N passed, N failed`.
cd "$(dirname "$0")/.." || exit 2
kind=${1:-all}
MPIO=${2:-build/rel/bin/mpio}
LIMIT=20
RIG=tools/tgt_rig.sh
out=build/conformance
rm -rf "$out" && mkdir -p "$out" || exit 2
. mpio/cli/tests/target_rig.inc
logs=$out
tgt=
cleanup() {
    [ -n "$tgt" ] && sh $RIG stop "$work/tgt"
    end_targets
}
trap cleanup EXIT

command -v iscsi-test-cu >/dev/null || { echo "conformance: iscsi-test-cu is not installed; Debian: apt-get install libiscsi-bin" >&2; exit 2; }

# ---- our target: a thin LUN behind two controllers, any free ports ----
cat >"$work/conformance.ini" <<'END'
[array conformance]
controllers = 2
[lun disk]
size = 256M
[lun protected]
size = 256M
read-only = yes
[lun emulated]
size = 256M
physical-block = 4096
END
start_target target --topology "$work/conformance.ini" --listen 127.0.0.1:0,127.0.0.1:0 --control "$work/control" || exit 2
ours="iscsi://$P0/$N/0 iscsi://$P1/$N/0"

# ---- tgt, where it is installed ----
theirs=
if [ "$kind" != quick ] && command -v tgtd >/dev/null; then
    if sh $RIG start "$work/tgt" 1 256M >"$work/rig" 2>"$out/tgt.log"; then
        tgt=yes
        TGT_IPC_SOCKET=$work/tgt/sock tgtadm -C 0 --lld iscsi --mode logicalunit --op update --tid 1 --lun 1 --params thin_provisioning=1
        name=$(sed -n 's/^TARGET=//p' "$work/rig")
        for portal in $(sed -n 's/^PORTAL=//p' "$work/rig"); do
            theirs="$theirs iscsi://$portal/$name/1"
        done
    fi
fi

# The leaves of the list: what no other name continues.
tests() {
    iscsi-test-cu -l | awk '/^ALL/ {name[n++] = $1} END {for (i = 0; i < n; i++) if (index(name[i + 1], name[i] ".") != 1) print name[i]}'
}
quick_tests() {
    for t in CompareAndWrite.Unwritten CompareAndWrite.DpoFua Inquiry.Standard Inquiry.EVPD Inquiry.SupportedVPD Inquiry.BlockLimits Mandatory.MandatorySBC \
        ModeSense6.AllPages ModeSense6.Control PrinReadKeys.Simple PrinReportCapabilities.Simple ProutRegister.Simple ProutReserve.Simple \
        ProutReserve.AccessWEAR ProutReserve.AccessEARO ProutClear.Simple ProutPreempt.RemoveRegistration Read10.Simple Read10.BeyondEol \
        Read10.ZeroBlocks Read10.ReadProtect Read16.Simple ReadCapacity10.Simple ReadCapacity16.Simple ReportSupportedOpcodes.OneCommand \
        Reserve6.Simple Reserve6.2Initiators TestUnitReady.Simple Unmap.Simple Verify10.Mismatch Write10.Simple Write16.BeyondEol \
        WriteSame10.Unmap WriteSame16.Simple WriteSame16.ZeroBlocks WriteAtomic16.Simple Sanitize.BlockErase ReadDefectData12.Simple iSCSIcmdsn.iSCSICmdSnTooHigh iSCSIcmdsn.iSCSICmdSnTooLow iSCSIdatasn.iSCSIDataSnInvalid \
        iSCSIResiduals.Read10Residuals iSCSIResiduals.Write10Residuals iSCSITMF.AbortTaskSimpleAsync iSCSITMF.LUNResetSimpleAsync \
        MultipathIO.Simple MultipathIO.Reset MultipathIO.CompareAndWrite; do
        echo "ALL.$t"
    done
}

# one TEST WHO URLS: prints pass, skip, fail or time-out; the output stays in $out.
one() {
    log=$out/$2-$1.log
    stdbuf -oL timeout $LIMIT iscsi-test-cu -d -n -S -t "$1" $3 >"$log" 2>&1 </dev/null
    code=$?
    if [ $code = 124 ]; then
        echo time-out
    elif [ $code != 0 ] || grep -q '^Suite .* had failures' "$log" || ! grep -q '^ *tests  *1  *1' "$log"; then
        echo fail
    elif grep -q '\[SKIPPED\]' "$log"; then
        echo skip
    else
        echo pass
    fi
}
why() { # WHO TEST
    sed -n 's/^ *\[\(SKIPPED\|FAILED\)\] *//p' "$out/$1-$2.log" | sort | uniq -c | sort -rn | head -1 | sed 's/^ *[0-9]* *//' | cut -c1-110
}

start=$(date +%s)
if [ "$kind" = quick ]; then quick_tests; else tests; fi >"$work/list"
total=$(wc -l <"$work/list")
n=0
while read -r t; do
    n=$((n + 1))
    unit=0
    case $t in
    ALL.ReadOnly.*) unit=1 ;;                           # wants a write-protected unit
    *.UnmapUnaligned | *.InvalidDataOutSize) unit=2 ;; # wants several logical blocks in a physical one
    esac
    urls=$(echo "$ours" | sed "s,/0\( \|\$\),/$unit\1,g")
    o=$(one "$t" ours "$urls")
    h=-
    [ -n "$theirs" ] && h=$(one "$t" tgt "$theirs")
    echo "$t $o $h" >>"$work/results"
    [ -t 2 ] && printf '\r%3d of %d  %-50s' "$n" "$total" "$t" >&2
    kill -0 $PID 2>/dev/null || { echo "conformance: our target has died in $t" >&2; break; }
done <"$work/list"
[ -t 2 ] && printf '\r%60s\r' '' >&2

# ---- the table, what was skipped, what failed ----
awk '{printf "%-48s %-9s %s\n", $1, $2, $3}' "$work/results"
count() { awk -v c="$1" -v v="$2" '$c == v {n++} END {print n + 0}' "$work/results"; }
echo
printf '%-10s %6s %6s %6s %9s\n' '' pass skip fail time-out
printf '%-10s %6d %6d %6d %9d\n' "ours" "$(count 2 pass)" "$(count 2 skip)" "$(count 2 fail)" "$(count 2 time-out)"
[ -n "$theirs" ] && printf '%-10s %6d %6d %6d %9d\n' "tgt" "$(count 3 pass)" "$(count 3 skip)" "$(count 3 fail)" "$(count 3 time-out)"
echo
failed=0
argued=0
for t in $(awk '$2 == "fail" || $2 == "time-out" {print $1}' "$work/results"); do
    if grep -q "^| $t |" docs/conformance.md 2>/dev/null; then
        argued=$((argued + 1))
        echo "argued   $t: $(why ours "$t")"
    else
        failed=$((failed + 1))
        echo "FAILED   $t: $(why ours "$t")"
    fi
done
for t in $(awk '$2 == "skip" {print $1}' "$work/results"); do
    echo "skipped  $t: $(why ours "$t")"
done
[ "$(wc -l <"$work/results")" = "$total" ] || failed=$((failed + 1))
echo "$(($(date +%s) - start)) s; $argued failures argued in docs/conformance.md; logs in $out"
echo "conformance: $(count 2 pass) passed, $failed failed"
[ $failed = 0 ]
