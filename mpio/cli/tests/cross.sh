#!/bin/sh
# SPDX-License-Identifier: MIT
# The emulator on other processors: i686 with .so and x86 .sys, aarch64 (by qemu-user) with .so. One DSM source, topology
# and seed give one event stream everywhere; broken copies of the sample are caught by the right rule at the right line.
# And SAN=align, the alignment of IA-64.
# `cross.sh all`: needs gcc-i686-linux-gnu, gcc-mingw-w64-i686, gcc-aarch64-linux-gnu, qemu-user (tools/need.sh check-all).
# Environment: MPIO, the x64 program to compare with; CROSS_WORK, another directory than build/cross.
cd "$(dirname "$0")/../../.." || exit 2
root=$PWD
tests=$root/mpio/cli/tests
case ${1:-} in
all) ;;
*)
    echo "SKIP cross: long form only (cross.sh all)"
    echo "cross: 0 passed, 0 failed"
    exit 0
    ;;
esac
work=${CROSS_WORK:-$root/build/cross}
rm -rf "$work"
mkdir -p "$work" || exit 2
passed=0 failed=0
check() { # name, condition as text, file to show when it is false
    if eval "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "cross: $1"
        [ -n "${3:-}" ] && tail -6 "$3" | sed 's/^/    /'
    fi
}
have() { # what it is for, tools...
    for_what=$1
    shift
    for tool; do
        command -v "$tool" >/dev/null && continue
        echo "SKIP cross: $for_what: no $tool (tools/need.sh check-all installs it)"
        return 1
    done
}
hash_of() { sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"; }
run() { # program, log, options...
    this=$1 log=$2
    shift 2
    timeout 300 "$this" run --quiet --save "$work/replay" "$@" >"$log" 2>&1 </dev/null
}

# One run on this program and on x64, the drivers being $1 and the sample built for x64.
same() { # name, program, driver, options...
    what=$1 other=$2 its_driver=$3
    shift 3
    run "$other" "$work/there.log" --dsm "$its_driver" "$@"
    code=$?
    run "$x64" "$work/here.log" --dsm "$sample" "$@"
    check "$what: event stream $(hash_of "$work/there.log"), on x64 $(hash_of "$work/here.log")" \
        '[ $code = 0 ] && [ -n "$(hash_of "$work/here.log")" ] && [ "$(hash_of "$work/there.log")" = "$(hash_of "$work/here.log")" ]' \
        "$work/there.log"
}
seeds() { # name, program, driver, how many of them
    for seed in $(seq 1 "$4"); do
        case $((seed % 3)) in 0) set -- "$1" "$2" "$3" "$4" demo.ini 20s --explore ;; 1) set -- "$1" "$2" "$3" "$4" two-paths.ini 20s ;; *) set -- "$1" "$2" "$3" "$4" demo.ini 30s ;; esac
        same "$1, seed $seed" "$2" "$3" --topology "$root/docs/examples/$5" --for "$6" $7 --seed "$seed" --faults $((seed % 12))
    done
}
few='KE-IRQL-05 KE-WAIT-01 KE-LOCK-03 IO-IRP-05 KE-FAULT-01 KE-FAULT-02 KE-STACK-01 KE-HANG-01 KE-HANG-02 KE-BUG-01 DSM-PATH-01'
broken() { # name, rules; its environment: BROKEN_*
    name=$1
    shift
    BROKEN_WORK=$work/broken-$name sh "$tests/broken.sh" "$@" >"$work/broken-$name.log" 2>&1
    check "$name: broken copies of the sample" '[ $? = 0 ] && grep -qE "^broken: 1[0-9] passed, 0 failed" "$work/broken-$name.log"' \
        "$work/broken-$name.log"
}
sample_of() { # directory, make's arguments: the sample's driver there
    dir=$1
    shift
    make -s -C dsm_sample DDK=../ddk BUILD="$dir" "$@" >"$work/build.log" 2>&1
}

if [ -n "${MPIO:-}" ]; then
    x64=$MPIO
else
    make -s all >"$work/build.log" 2>&1
    x64=$root/build/rel/bin/mpio
fi
sample_of "$work/x64" so
check "the emulator and the sample for x64" '[ $? = 0 ] && [ -x "$x64" ]' "$work/build.log"
sample=$work/x64/dsm_sample.so

# ---- i686: native programs of 32 bits -------------------------------------------------------------------------
i686() {
    make -s CFG=i686 all >"$work/build.log" 2>&1
    check "i686 builds" '[ $? = 0 ]' "$work/build.log"
    program=$root/build/i686/bin/mpio
    "$program" --version >/dev/null 2>"$work/start.log" || {
        echo "SKIP cross: i686: this machine runs no 32-bit programs: $(head -1 "$work/start.log")"
        return
    }
    sample_of "$work/i686" CC=i686-linux-gnu-gcc so
    check "i686: the sample as .so" '[ $? = 0 ]' "$work/build.log"
    sample_of "$work/i686" x86
    check "i686: the sample as .sys" '[ $? = 0 ]' "$work/build.log"
    for driver in "$work/i686/dsm_sample.so" "$work/i686/x86/dsm_sample.sys"; do
        kind=i686-${driver##*.}
        same "$kind: 10 minutes" "$program" "$driver" --topology docs/examples/demo.ini --for 10min --faults 7
        seeds "$kind" "$program" "$driver" 20
    done
    if have "i686: .sys by clang and lld-link" clang lld-link llvm-dlltool; then
        sample_of "$work/i686-clang" TOOLCHAIN=msvc-clang x86
        same "i686: .sys by clang and lld-link" "$program" "$work/i686-clang/x86/dsm_sample.sys" --topology docs/examples/demo.ini --for 1min --faults 7
    fi
    MPIO=$program CC=i686-linux-gnu-gcc SCENARIOS_WORK=$work/scenarios sh "$tests/scenarios.sh" >"$work/scenarios.log" 2>&1
    check "i686: scenarios" '[ $? = 0 ]' "$work/scenarios.log"
    BROKEN_MPIO=$program BROKEN_FLAGS=CC=i686-linux-gnu-gcc broken i686-so $few
    BROKEN_MPIO=$program BROKEN_KIND=sys BROKEN_FLAGS=ARCH=x86 BROKEN_BUILT=build/x86 broken i686-sys $few
    check "i686: call stacks go through frames of a .sys" \
        'grep -q "=> #1 SampleCategorize at .*io[.]c:[0-9]" "$work"/broken-i686-sys/*-KE-FAULT-01/run.log'
    run "$program" "$work/x64.log" --dsm "$sample" --topology docs/examples/two-paths.ini --for 1s
    check "i686: a driver for x64 is refused" '[ $? = 2 ] && grep -q "built for another processor" "$work/x64.log"' "$work/x64.log"

    # Every way in and out of an x86 image, beside a .so.
    make -s -C mpio/load/tests/probe BUILD="$work/probe" x86 >"$work/build.log" 2>&1
    timeout 60 "$program" run --dsm "$work/i686/dsm_sample.so" --dsm "$work/probe/x86/probe.sys" \
        --topology docs/examples/two-paths.ini --for 1s --verbose --save "$work/replay" >"$work/probe.log" 2>&1 </dev/null
    check "i686: the probe driver finds nothing wrong" \
        '[ $? = 0 ] && grep -qF "probe says -1 two 333333333 four 5 6 \\Driver\\probe" "$work/probe.log"' "$work/probe.log"
    run "$program" "$work/real.log" --dsm "$work/i686/dsm_sample.so" --topology docs/examples/iscsi.ini --for 1s
    check "i686: real paths are refused" '[ $? = 2 ] && grep -q "no libiscsi" "$work/real.log"' "$work/real.log"
}
have i686 i686-linux-gnu-gcc i686-w64-mingw32-gcc && i686

# ---- aarch64, under qemu --------------------------------------------------------------------------------------
aarch64() {
    make -s CFG=aarch64 all >"$work/build.log" 2>&1
    check "aarch64 builds" '[ $? = 0 ]' "$work/build.log"
    program=$work/mpio-aarch64
    printf '#!/bin/sh\nexec qemu-aarch64 -L /usr/aarch64-linux-gnu %s "$@"\n' "$root/build/aarch64/bin/mpio" >"$program"
    chmod +x "$program"
    sample_of "$work/aarch64" CC=aarch64-linux-gnu-gcc so
    check "aarch64: the sample" '[ $? = 0 ]' "$work/build.log"
    driver=$work/aarch64/dsm_sample.so
    same "aarch64: a minute" "$program" "$driver" --topology docs/examples/demo.ini --for 1min --faults 7
    seeds aarch64 "$program" "$driver" 5
    # No entry that wants the line where a definition begins: a function without a frame has no instruction there.
    BROKEN_MPIO=$program BROKEN_FLAGS=CC=aarch64-linux-gnu-gcc broken aarch64-so ${few%DSM-PATH-01} KE-TIMER-01
}
have aarch64 aarch64-linux-gnu-gcc qemu-aarch64 && aarch64

# ---- IA-64: no such machine here, but what it punishes (docs/internals/processors.md) ---------------------------
for compiler in gcc clang; do
    have "IA-64, $compiler" $compiler || continue
    sample_of "$work/ia64-$compiler" CC=$compiler SAN=align so
    same "IA-64: aligned accesses, $compiler" "$x64" "$work/ia64-$compiler/dsm_sample.so" --topology docs/examples/demo.ini --for 1min --faults 7
    rm -rf "$work/odd"
    cp -R dsm_sample "$work/odd" && awk '{ print }
        /^[A-Z].* SamplePathVerify\(/ { inside = 1 }
        inside && $0 == "{" { print "    { *(ULONG *)((PUCHAR)DsmId + 1) += 1; } /* BREACH */"; inside = 0 }' \
        dsm_sample/path.c >"$work/odd/path.c"
    make -s -C "$work/odd" DDK="$root/ddk" BUILD="$work/odd/build" CC=$compiler SAN=align so >"$work/build.log" 2>&1
    run "$x64" "$work/odd.log" --dsm "$work/odd/build/dsm_sample.so" --topology docs/examples/two-paths.ini --for 1min
    line=$(grep -n BREACH "$work/odd/path.c" | cut -d: -f1)
    check "IA-64: an unaligned access, $compiler" \
        'grep -q "KE-FAULT-02" "$work/odd.log" && grep -q "=> #0 SamplePathVerify at .*/path[.]c:$line" "$work/odd.log"' "$work/odd.log"
done

echo "cross: $passed passed, $failed failed"
[ "$failed" = 0 ]
