#!/bin/sh
# SPDX-License-Identifier: MIT
# DSMs as PE images: one source gives the same event stream as .so and .sys, both kinds work side by side, every way of
# calling in and out works (the probe driver), and files that cannot be loaded are refused with a reason.
# `pe.sh [all]`; MPIO, ASAN_MPIO in the environment name other builds.
cd "$(dirname "$0")/../../.." || exit 2
top=$PWD
MPIO=${MPIO:-$top/build/rel/bin/mpio}
ASAN_MPIO=${ASAN_MPIO:-$top/build/asan/bin/mpio}
case ${1:-} in all) seeds=60 ;; *) seeds=3 ;; esac
command -v x86_64-w64-mingw32-gcc >/dev/null || { echo "pe: skipped: no x86_64-w64-mingw32-gcc (gcc-mingw-w64-x86-64)"; echo "pe: 0 passed, 0 failed"; exit 0; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0 failed=0
check() { # name, true or false as the text of a condition, file to show when false
    if eval "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "pe: $1:"
        [ -n "${3:-}" ] && head -6 "$3" | sed 's/^/    /'
    fi
}
run() { # output file, options...
    out=$1
    shift
    timeout 120 "${program:-$MPIO}" run "$@" --quiet >"$out" 2>&1 </dev/null
}
hash_of() { sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"; }
refused() { # reason, file
    reason=$1 file=$2
    run refused.out --dsm "$file" --topology "$top/docs/examples/two-paths.ini" --for 1s
    code=$?
    check "$file is refused: $reason" '[ $code = 2 ] && grep -qF -- "$reason" refused.out && grep -qF -- "$file" refused.out' refused.out
}

# ---- the same source, three ways ----
make -s -C "$top/dsm_sample" DDK="$top/ddk" BUILD="$work/sample" so sys >build.log 2>&1 &&
    make -s -C "$top/dsm_sample" DDK="$top/ddk" BUILD="$work/debug" OPT=-O0 sys >>build.log 2>&1
check "the sample builds as .so and .sys" '[ $? = 0 ]' build.log
so=$work/sample/dsm_sample.so sys=$work/sample/dsm_sample.sys
demo="--topology $top/docs/examples/demo.ini --for 2min"
run so.out --dsm "$so" $demo
check ".so runs" '[ $? = 0 ]' so.out
want=$(hash_of so.out)
run sys.out --dsm "$sys" $demo --save one.replay
check ".sys runs" '[ $? = 0 ]' sys.out
check "one event stream for .so and .sys" '[ -n "$want" ] && [ "$(hash_of sys.out)" = "$want" ]' sys.out
run debug.out --dsm "$work/debug/dsm_sample.sys" $demo
check "one event stream for .sys -O0" '[ "$(hash_of debug.out)" = "$want" ]' debug.out
timeout 120 "$MPIO" replay one.replay >replay.out 2>&1 </dev/null
check "a run with .sys replays" 'grep -q "same event stream" replay.out' replay.out

different=0 clean=0
for seed in $(seq 1 $seeds); do
    case $((seed % 3)) in 0) set -- demo.ini --for 30s --explore ;; 1) set -- two-paths.ini --for 20s ;; *) set -- demo.ini --for 60s ;; esac
    file=$1
    shift
    run a.out --dsm "$so" --topology "$top/docs/examples/$file" "$@" --seed "$seed" --faults $((seed % 12)) && clean=$((clean + 1))
    run b.out --dsm "$sys" --topology "$top/docs/examples/$file" "$@" --seed "$seed" --faults $((seed % 12))
    [ -n "$(hash_of a.out)" ] && [ "$(hash_of a.out)" = "$(hash_of b.out)" ] || { different=$((different + 1)); echo "pe: seed $seed differs"; }
done
check "$seeds seeds with faults: .so and .sys alike" '[ $different = 0 ] && [ $clean = $seeds ]'

# ---- side by side: Alpha as .so, Beta as .sys, each with its own array; then the other way round ----
copy() { # service, display name
    cp -r "$top/dsm_sample" "$1" && rm -rf "$1/build" && sed -i "s/^#define SAMPLE_NAME .*/#define SAMPLE_NAME L\"$2\"/" "$1/dsm_sample.h"
    make -s -C "$1" DDK="$top/ddk" BUILD="$work/$1/build" so sys >copy.log 2>&1 || cat copy.log
    cp "$1/build/dsm_sample.so" "$1.so" && cp "$1/build/dsm_sample.sys" "$1.sys"
}
device_list() { # service, product: its DsmSupportedDeviceList, as regedit writes it
    printf '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\%s\\Parameters]\n"DsmSupportedDeviceList"=hex(7):' "$1"
    printf 'OPENMPIO%-16s' "$2" | od -An -v -tx1 | tr -s ' \n' '\n\n' | sed -n 's/^\(..\)$/\1,00,/p' | tr -d '\n'
    printf '00,00,00,00\n'
}
copy alpha "Alpha DSM"
copy beta "Beta DSM"
{ printf 'Windows Registry Editor Version 5.00\n\n'; device_list alpha Alpha; device_list beta Beta; } >lists.reg
two=$top/mpio/cli/tests/scenarios/two-dsms.ini
cp "$two" two.ini
mixed=
for pair in alpha.so:beta.so alpha.so:beta.sys alpha.sys:beta.so alpha.sys:beta.sys; do
    timeout 60 "$MPIO" run --dsm "./${pair%:*}" --dsm "./${pair#*:}" --topology two.ini --for 20s --verbose >mixed.out 2>&1 </dev/null
    check "$pair: each DSM takes its array" '[ $? = 0 ] && grep -q "Disk0 created, DSM Alpha" mixed.out && grep -q "Disk1 created, DSM Beta" mixed.out' mixed.out
    mixed="$mixed $(hash_of mixed.out)"
done
check "one event stream for the four pairs" '[ "$(echo $mixed | tr " " "\n" | sort | uniq -c | awk "{print \$1}")" = 4 ]'
cp "$top/mpio/cli/tests/scenarios/two-machines.ini" machines.ini
run machines.so --dsm "$so" --topology machines.ini --for 5s
run machines.sys --dsm "$sys" --topology machines.ini --for 5s
check "two machines with an image of their own each" '[ -n "$(hash_of machines.so)" ] && [ "$(hash_of machines.so)" = "$(hash_of machines.sys)" ]' machines.sys

# ---- every way in and out ----
make -s -C "$top/mpio/load/tests/probe" BUILD="$work/probe" sys >probe.log 2>&1
timeout 60 "$MPIO" run --dsm "$sys" --dsm probe/probe.sys --topology "$top/docs/examples/two-paths.ini" --for 1s --verbose >probe.out 2>&1 </dev/null
check "the probe driver finds nothing wrong" '[ $? = 0 ] && grep -qF "probe says -1 two 333333333 four 5 6 \\Driver\\probe" probe.out' probe.out

# An image of another tool chain: no header and no library of the DDK; C library names come from ntoskrnl.exe.
cat >foreign.c <<'C'
typedef unsigned short W;
__declspec(dllimport) unsigned long long wcslen(const W *);
__declspec(dllimport) int strcmp(const char *, const char *);
__declspec(dllimport) int _snprintf(char *, unsigned long long, const char *, ...);
__declspec(dllimport) unsigned DbgPrint(const char *, ...);
static void unload(void *driver) { (void)driver; DbgPrint("foreign goes\n"); }
int DriverEntry(char *driver, void *path)
{
    static const W text[] = {'a', 'b', 'c', 0};
    char buffer[40];
    (void)path;
    _snprintf(buffer, sizeof buffer, "%d/%S", (int)wcslen(text), text);
    DbgPrint("foreign %s %d\n", buffer, strcmp(buffer, "3/abc"));
    *(void **)(driver + 104) = (void *)unload;
    return strcmp(buffer, "3/abc");
}
C
for name in ntoskrnl crt; do x86_64-w64-mingw32-dlltool -d "$top/ddk/lib/$name.def" -l "lib$name.a"; done
link="x86_64-w64-mingw32-gcc -O1 -w -ffreestanding -fno-builtin -nostdlib -shared -Wl,--subsystem,native -Wl,--entry,DriverEntry"
$link -o foreign.sys foreign.c -L. -lcrt -lntoskrnl 2>foreign.log
timeout 60 "$MPIO" run --dsm "$sys" --dsm ./foreign.sys --topology "$top/docs/examples/two-paths.ini" --for 1s --verbose >foreign.out 2>&1 </dev/null
check "an image without the DDK finds the C library's names in the kernel" '[ $? = 0 ] && grep -q "foreign 3/abc 0" foreign.out' foreign.out

# ---- refused ----
cat >missing.def <<'D'
LIBRARY ntoskrnl.exe
EXPORTS
    NoSuchRoutine
    NorThisOne
D
cat >network.def <<'D'
LIBRARY ndis.sys
EXPORTS
    NdisOne @5 NONAME
D
for name in missing network; do x86_64-w64-mingw32-dlltool -d $name.def -l lib$name.a; done
echo 'int NoSuchRoutine(void); int NorThisOne(void); int NdisOne(void); int DriverEntry(void) { return NoSuchRoutine() + NorThisOne() + NdisOne(); }' >lacks.c
$link -o lacks.sys lacks.c -L. -lmissing -lnetwork 2>lacks.log
refused "ntoskrnl.exe!NoSuchRoutine" ./lacks.sys
refused "ntoskrnl.exe!NorThisOne" ./lacks.sys
refused "ndis.sys!#5; nothing here exports from ndis.sys" ./lacks.sys
${CC:-gcc} -shared -fPIC -o lacks.so lacks.c
refused "uses what is not there: No" ./lacks.so
check "./lacks.so: all are named" 'grep -q NoSuchRoutine refused.out && grep -q NorThisOne refused.out && grep -q NdisOne refused.out' refused.out
head -c 9000 "$sys" >short.sys
refused "is truncated" ./short.sys
$link -Wl,--disable-reloc-section -o fixed.sys foreign.c -L. -lcrt -lntoskrnl 2>fixed.log
refused "has no relocations" ./fixed.sys
x86_64-w64-mingw32-gcc -nostdlib -Wl,--subsystem,console -Wl,--entry,start -o program.exe -x c - 2>exe.log <<'C'
int start(void) { return 0; }
C
refused "is a console program" ./program.exe
if command -v i686-w64-mingw32-gcc >/dev/null; then
    echo 'int entry(void) { return 0; }' | i686-w64-mingw32-gcc -nostdlib -shared -Wl,--subsystem,native -Wl,--entry,_entry -o x86.sys -x c - 2>x86.log
    refused "is built for x86 (32 bit)" ./x86.sys
fi

# ---- sanitizers and valgrind around an image ----
if [ -x "$ASAN_MPIO" ]; then
    program=$ASAN_MPIO run asan.out --dsm "$sys" --topology "$top/docs/examples/demo.ini" --for 20s --faults 4
    code=$?
    run plain.out --dsm "$sys" --topology "$top/docs/examples/demo.ini" --for 20s --faults 4
    check "with AddressSanitizer: no finding, the same event stream" \
        '[ $code = 0 ] && ! grep -qE "runtime error|ERROR" asan.out && [ "$(hash_of asan.out)" = "$(hash_of plain.out)" ]' asan.out
fi
if command -v valgrind >/dev/null; then
    run plain.out --dsm "$sys" --topology "$top/docs/examples/two-paths.ini" --for 1s --faults 1
    timeout 120 valgrind -q --error-exitcode=9 "$MPIO" run --dsm "$sys" --topology "$top/docs/examples/two-paths.ini" --for 1s --faults 1 --quiet >valgrind.out 2>&1 </dev/null
    check "under valgrind: no finding, the same event stream" '[ $? = 0 ] && [ "$(hash_of valgrind.out)" = "$(hash_of plain.out)" ]' valgrind.out
fi
echo "pe: $passed passed, $failed failed"
[ "$failed" = 0 ]
