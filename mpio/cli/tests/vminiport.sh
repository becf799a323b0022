#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual miniport of ddk/tests/vminiport, built out of tree, loads as one more HBA: its LUN is claimed, verified load
# runs on all paths, paths die and return, .so and .sys give one event stream; broken copies of it are caught by rule and
# line; what cannot start is told clearly. Environment: MPIO; SAMPLE, the sample DSM; SAN=1 builds the miniport with
# AddressSanitizer for an MPIO that has it too. `vminiport.sh all`: sixteen seeds with --explore, optimised and not.
# Last line: `vminiport: N passed, N failed`.
cd "$(dirname "$0")/../../.." || exit 2
top=$PWD
MPIO=${MPIO:-$top/build/rel/bin/mpio}
SAMPLE=${SAMPLE:-$top/build/dsm_sample/rel/dsm_sample.so}
long=${1:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cp -r ddk/tests/vminiport "$work/vminiport"
cd "$work" || exit 2
passed=0 failed=0
check() { # name, condition, file to show when it is false
    if eval "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL vminiport: $1"
        [ -n "${3:-}" ] && tail -12 "$3" | sed 's/^/    /'
    fi
}
have() { command -v "$1" >/dev/null; }
build() { # source directory, target...
    directory=$1
    shift
    make -s -C "$directory" DDK="$top/ddk" SAN="${SAN:-}" "$@" >"$directory.log" 2>&1
}
topology() { # file, miniport, keys of the hba...
    to=$1
    {
        printf '[machine node]\nclaim = "VIRTUAL RAM disk        "\n[hba vm]\nkind = driver\nfile = %s\n' "$2"
        shift 2
        for key; do echo "$key"; done
        printf '[load load]\nqueue-depth = 4\nspan = 4M\nrate = 500\n'
    } >"$to"
}
run() { # output file, topology, options...: sets code
    out=$1 from=$2
    shift 2
    timeout 60 "$MPIO" run --dsm "$SAMPLE" --topology "$from" --for 10s "$@" >"$out" 2>&1 </dev/null
    code=$?
}
hash_of() { sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"; }
good() { [ "$code" = 0 ] && grep -q 'verdict   GOOD' "$1" && ! grep -q 'left .* after unload' "$1"; }
paths() { grep -c '^node  *vm' "$1"; }

build vminiport so
check "builds out of tree as .so" '[ $? = 0 ]' vminiport.log
so=vminiport/build/vminiport.so sys=
if have x86_64-w64-mingw32-gcc; then
    build vminiport sys
    check "builds out of tree as .sys" '[ $? = 0 ]' vminiport.log
    sys=vminiport/build/vminiport.sys
else
    echo "SKIP vminiport: no x86_64-w64-mingw32-gcc (Debian: gcc-mingw-w64-x86-64); .so only"
fi

# ---- it works, as either kind of file ----
both() { # name, keys of the hba...: leaves NAME.so.out and NAME.sys.out
    name=$1
    shift
    for file in $so $sys; do
        kind=${file##*.}
        topology "$name.$kind.ini" "$file" "$@"
        run "$name.$kind.out" "$name.$kind.ini" --verbose
        check "$name, .$kind" "good $name.$kind.out" "$name.$kind.out"
    done
    [ -z "$sys" ] || check "$name: one event stream" \
        "[ -n '$(hash_of "$name.so.out")' ] && [ '$(hash_of "$name.so.out")' = '$(hash_of "$name.sys.out")' ]" "$name.sys.out"
}
both two-targets
check "two targets are two paths" '[ "$(paths two-targets.so.out)" = 2 ]' two-targets.so.out
both adapters 'adapters = 2' 'parameter = Targets, 1'
check "two adapters are two paths" '[ "$(paths adapters.so.out)" = 2 ]' adapters.so.out
both buses 'adapters = 2' 'parameter = Buses, 2' 'parameter = Targets, 3'
check "two adapters with two buses of three targets are twelve paths" '[ "$(paths buses.so.out)" = 12 ]' buses.so.out
both dies 'adapters = 2' 'parameter = FailPath, 1' 'parameter = FailAfter, 300'
check "a path dies: failover" 'grep -q "failover done, 3 of 4 paths are left" dies.so.out' dies.so.out
check "and it is gone in the end" 'grep -q "vm0 target 1 .* 0 of 1" dies.so.out' dies.so.out
both returns 'parameter = FailPath, 0' 'parameter = FailAfter, 300' 'parameter = FailStatus, 10' 'parameter = ReturnAfterMs, 3000'
check "a path dies and returns" '[ "$(grep -c "2 paths now" returns.so.out)" = 2 ]' returns.so.out
both late 'parameter = LatencyMicroseconds, 20000'
both zero 'parameter = LatencyMicroseconds, 0'

# ---- an HBA like any other: beside a simulated one, on two machines ----
topology mixed.ini $so
sed -i -e '1,/claim/s/claim = .*/&, "OPENMPIOSimulated Array "/' -e '/^\[load/i [hba fc]\n[array array0]\n[lun lun0]\n[link link0]\nhba = fc\nports = all' mixed.ini
run mixed.out mixed.ini
check "beside a simulated HBA" 'good mixed.out && grep -q "^node .*fc -> array0:1" mixed.out && [ "$(paths mixed.out)" = 2 ]' mixed.out
mkdir elsewhere
cp two-targets.so.ini elsewhere/t.ini
cp -r vminiport elsewhere/
(cd / && timeout 60 "$MPIO" run --dsm "$SAMPLE" --topology "$work/elsewhere/t.ini" --for 1s) >place.out 2>&1
code=$?
check "the file is looked for beside the topology" 'good place.out' place.out
"$MPIO" check-topology two-targets.so.ini >describe.out 2>&1
check "mpio topology describes it" 'grep -q "hba vm: driver vminiport/build/vminiport.so, 1 adapter" describe.out' describe.out

# ---- broken copies: caught by this rule, at this line ----
broken() { # name, file, line before which the code goes (a pattern), code
    cp -Rp vminiport "$1"
    awk -v at="$3" -v code="$4" 'index($0, at) && !done { print "        " code " /* BREACH */"; done = 1 } { print } END { exit !done }' \
        "vminiport/$2" >"$1/$2" && build "$1" so
    check "$1 builds" "[ $? = 0 ] && grep -q BREACH $1/$2" "$1.log"
    topology "$1.ini" "$1/build/vminiport.so"
    run "$1.out" "$1.ini" --verbose
}
caught() { # name, rule, file
    line=$(grep -n BREACH "$1/$3" | cut -d: -f1)
    check "$1 is $2" "[ $code != 0 ] && grep -q '$2' $1.out && grep -q '=> #0 .*$3:$line' $1.out" "$1.out"
}
broken twice queue.c 'StorPortNotification(RequestComplete, adapter, srb);' 'StorPortNotification(RequestComplete, adapter, srb); srb->SrbStatus = SRB_STATUS_SUCCESS;'
line=$(($(grep -n BREACH twice/queue.c | cut -d: -f1) + 1))
check "twice is SP-SRB-01" '[ $code != 0 ] && grep -q SP-SRB-01 twice.out && grep -q "=> #0 .*queue.c:$line" twice.out' twice.out
broken pending queue.c 'StorPortNotification(RequestComplete, adapter, srb);' 'srb->SrbStatus = SRB_STATUS_PENDING; StorPortNotification(RequestComplete, adapter, srb); continue;'
caught pending SP-SRB-02 queue.c
broken length queue.c 'StorPortNotification(RequestComplete, adapter, srb);' 'srb->DataTransferLength += 512; StorPortNotification(RequestComplete, adapter, srb); continue;'
caught length SP-SRB-03 queue.c
broken next-request queue.c 'StorPortNotification(RequestComplete, adapter, srb);' 'StorPortNotification(NextRequest, adapter);'
caught next-request SP-NTF-01 queue.c
for rule in $(sed -n 's/^ *X(RULE_[A-Z_]*, *"\(SP-[A-Z0-9-]*\)".*/\1/p' "$top/mpio/nt/rules.h"); do
    check "$rule is shown to work" "grep -q '$rule' *.out" # by one of the copies above
done

# ---- a miniport that loses requests: the port's ladder ends them, and another path carries the load ----
broken lost queue.c 'request->Srb = Srb;' 'if (target->Path == 0 && VmIsTransfer(Srb) && ++target->Transfers == 50) { return; }'
check "a lost request is ended by the ladder" 'grep -q "miniport kept requests through a bus reset" lost.out && grep -q "0 errors" lost.out' lost.out

# ---- what cannot start ----
refused() { # name, text of the message
    check "$1 is told" "[ $code != 0 ] && grep -q -- '$2' $1.out" "$1.out"
}
topology missing.ini nowhere/vminiport.so
run missing.out missing.ini
refused missing nowhere/vminiport.so
broken not-found driver.c 'KeInitializeSpinLock(&adapter->Lock);' 'return SP_RETURN_NOT_FOUND;'
refused not-found 'answered 0 (SP_RETURN_NOT_FOUND): adapter not started'
broken sense driver.c 'ConfigInfo->VirtualDevice = TRUE;' 'ConfigInfo->AutoRequestSense = FALSE;'
refused sense 'AutoRequestSense is FALSE: StorPort sends no REQUEST SENSE'
broken buses-none driver.c 'ConfigInfo->ScatterGather = TRUE;' 'ConfigInfo->NumberOfBuses = 0;'
refused buses-none 'has to set NumberOfBuses'
broken size driver.c 'data.AdapterInterfaceType = Internal;' 'data.HwInitializationDataSize = 20;'
refused size 'HwInitializationDataSize is 20'
broken no-start driver.c 'data.DeviceExtensionSize = ' 'data.HwStartIo = NULL;'
refused no-start 'HwInitialize, HwStartIo, HwFindAdapter and HwResetBus are all required'
broken initialize driver.c 'return adapter->HasDisk &&' 'return FALSE;'
refused initialize 'initialization routine answered FALSE'
broken import driver.c 'return adapter->HasDisk &&' '{ ULONG NTAPI StorPortNoSuchRoutine(PVOID); StorPortNoSuchRoutine(adapter); }'
refused import StorPortNoSuchRoutine
mkdir entry
sed 's/DriverEntry/OtherEntry/' vminiport/driver.c >entry/driver.c
cp vminiport/queue.c vminiport/disk.c vminiport/vminiport.h vminiport/Makefile entry/
build entry so
topology entry.ini entry/build/vminiport.so
run entry.out entry.ini
refused entry DriverEntry

# ---- what a topology may not say ----
wrong() { # name, text of the message, keys...
    name=$1 text=$2
    shift 2
    topology "$name.ini" $so "$@"
    run "$name.out" "$name.ini"
    check "$name is told" "[ $code != 0 ] && grep -q -- '$text' $name.out" "$name.out"
}
wrong depth 'leaves that to its miniport' 'queue-depth = 4'
wrong many 'accepted\|1 to 16\|16' 'adapters = 17'
wrong taken 'is a driver of the framework' 'service = disk'
wrong letters 'letters, digits' 'service = a/b'
wrong link 'it takes no \[link\]' '[array a]' '[lun l]' '[link k]'
wrong timeline 'cannot reach behind its miniport' '[timeline]' '1s = link vm down'
check "a file needs kind = driver" '! printf "[machine m]\n[hba h]\nfile = x\n" >k.ini && false || { "$MPIO" check-topology k.ini >k.out 2>&1; grep -q "goes with kind = driver only" k.out; }' k.out

# ---- MultipleRequestPerLu FALSE: one at a time, and all goes well ----
broken single driver.c 'ConfigInfo->VirtualDevice = TRUE;' 'ConfigInfo->MultipleRequestPerLu = FALSE;'
check "one request per LUN" 'good single.out' single.out

if [ "$long" = all ]; then
    for opt in -O0 -O2; do
        build vminiport OPT=$opt DBG=1 so
        for seed in 1 2 3 4 5 6 7 8; do
            run seed.out returns.so.ini --seed $seed --explore
            check "seed $seed with --explore, $opt" 'good seed.out' seed.out
        done
    done
fi
echo "vminiport: $passed passed, $failed failed"
[ "$failed" = 0 ]
