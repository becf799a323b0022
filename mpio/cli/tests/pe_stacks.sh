#!/bin/sh
# SPDX-License-Identifier: MIT
# Reports about PE drivers: broken copies of the sample (broken.list), built as .so and as .sys, must give the same
# rule and the same stack, function for function and line for line. Then the same under AddressSanitizer and
# valgrind, and gdb with the script we ship: a breakpoint by name, its arguments, both kinds of frames.
# `pe_stacks.sh all`: every copy. Environment: MPIO, MPIO_ASAN (the programs).
cd "$(dirname "$0")/../../.." || exit 2
root=$PWD
tests=$root/mpio/cli/tests
work=${PE_STACKS_WORK:-$root/build/check/pe_stacks}
mpio=${MPIO:-$root/build/rel/bin/mpio}
asan=${MPIO_ASAN:-$root/build/asan/bin/mpio}
passed=0 failed=0

good() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "pe_stacks: $*"
}

# The driver's frames of a report: function, file and line (the innermost of what is inlined there).
frames() {
    sed -n 's|^  => #[0-9]* \(.*\) at .*/\([^/]*\.c:[0-9]*\).*|\1 \2|p' "$1"
}
# The first frame is the same. The others: mingw's compiler inlines what gcc -fPIC does not, never the other way
# round, so those of the .sys are some of those of the .so, in the same order.
same_frames() { # .so, .sys
    if [ ! -s "$1" ]; then
        [ ! -s "$2" ]
        return
    fi
    awk 'NR == FNR { so[++n] = $0; next }
        { for (at++; at <= n && so[at] != $0; at++) ; if (at > n || (FNR == 1 && at > 1)) { wrong = 1; exit } }
        END { exit wrong || at == 0 }' "$1" "$2"
}
rule() {
    grep -oE '\b(KE|EX|IO|OB|LD|DSM)-[A-Z]+-[0-9]+' "$1" | head -1
}
# What the list demands of the report's text.
says() { # directory
    file=$(sed -n '1s/^[^|]*| *\([^ ]*\) .*/\1/p' "$1/entry")
    line=$(grep -n BREACH "$1/$file" | head -1 | cut -d: -f1)
    sed -n "1s/^[^ ]* text:\([^ ]*\) .*/\1/p" "$1/entry" | sed "s/LINE/$line/"
}
run_sys() { # program, directory, log, for, tool...
    program=$1 dir=$2 log=$3 duration=$4
    shift 4
    (cd "$dir" && timeout 120 "$@" "$program" run --dsm build/dsm_sample.sys --topology "$tests/broken.ini" \
        --for "${duration:-10s}" --quiet) >"$log" 2>&1 </dev/null
}

# One entry of the list, by its line. Says what is wrong.
compare() {
    dir=$(echo "$work/$1"-*)
    [ -f "$dir/run.log" ] || BROKEN_WORK=$work sh "$tests/broken.sh" --entry "$1"
    dir=$(echo "$work/$1"-*)
    cat "$work/$1.said"
    [ -f "$work/$1.good" ] || return
    make -s -C "$dir" DDK="$root/ddk" DBG=1 sys >"$dir/build.log" 2>&1 || {
        echo "$1: the .sys does not build: $(grep error "$dir/build.log" | head -1)"
        return
    }
    duration=$(sed -n '1s/.* for=\([^ ]*\).*|.*/\1/p' "$dir/entry")
    run_sys "$work/mpio" "$dir" "$dir/sys.log" "$duration"
    frames "$dir/run.log" >"$dir/so.frames"
    frames "$dir/sys.log" >"$dir/sys.frames"
    if [ "$(rule "$dir/run.log")" != "$(rule "$dir/sys.log")" ]; then
        echo "$dir: $(rule "$dir/run.log") as .so, $(rule "$dir/sys.log") as .sys"
    elif ! same_frames "$dir/so.frames" "$dir/sys.frames"; then
        echo "$dir: the driver's frames differ (.so <, .sys >)"
        diff "$dir/so.frames" "$dir/sys.frames"
    elif ! grep -qE "$(says "$dir")" "$dir/sys.log"; then
        echo "$dir: the report does not say $(says "$dir")"
    else
        : >"$work/$1.same"
    fi
}
if [ "${1:-}" = --entry ]; then
    compare "$2" >"$work/$2.compared" 2>&1
    exit 0
fi

command -v x86_64-w64-mingw32-gcc >/dev/null || {
    echo "SKIP pe_stacks: no x86_64-w64-mingw32-gcc (Debian: gcc-mingw-w64-x86-64)"
    echo "pe_stacks: 0 passed, 0 failed"
    exit 0
}

# ---- the same report from both ------------------------------------------------------------------
rm -rf "$work"
mkdir -p "$work/base"
cp "$mpio" "$work/mpio" || exit 1
cp -p dsm_sample/*.c dsm_sample/*.h dsm_sample/Makefile "$work/base/"
if ! make -s -C "$work/base" DDK="$root/ddk" DBG=1 so sys >"$work/build.log" 2>&1; then
    cat "$work/build.log"
    echo "pe_stacks: 0 passed, 1 failed"
    exit 1
fi
few='KE-IRQL-05 KE-WAIT-01 KE-LOCK-03 IO-IRP-05 KE-FAULT-01 KE-FAULT-02 KE-STACK-01 KE-HANG-02 KE-BUG-01 DSM-PATH-01'
grep -nE '^[A-Z]' "$tests/broken.list" | awk -F'[: ]' -v few=" $few " -v all="${1:-}" \
    'all == "all" || (index(few, " " $2 " ") && !seen[$2]++) { print $1 }' >"$work/entries"
export PE_STACKS_WORK="$work"
xargs -P2 -n1 sh "$tests/pe_stacks.sh" --entry <"$work/entries"
for entry in $(cat "$work/entries"); do
    if [ -f "$work/$entry.same" ]; then good; else bad "$(cat "$work/$entry.compared")"; fi
done

# ---- faults and hangs that the list does not have ---------------------------------------------------
sick() { # name, rule, code for SamplePathVerify, helper
    dir=$work/$1
    cp -Rp "$work/base" "$dir"
    awk -v code="$3" -v helper="$4" '{ print }
        /^#include/ && !done { print helper; done = 1 }
        /^[A-Z].* SamplePathVerify\(/ { inside = 1 }
        inside && $0 == "{" { print "    " code " /* BREACH */"; inside = 0 }' dsm_sample/path.c >"$dir/path.c"
    make -s -C "$dir" DDK="$root/ddk" DBG=1 sys >"$dir/build.log" 2>&1
    run_sys "$work/mpio" "$dir" "$dir/sys.log" ""
    line=$(grep -n BREACH "$dir/path.c" | cut -d: -f1)
    frames "$dir/sys.log" >"$dir/sys.frames"
    if [ "$(rule "$dir/sys.log")" = "$2" ] && grep -qx "SamplePathVerify path.c:$line" "$dir/sys.frames"; then
        good
    else
        bad "$1: $(rule "$dir/sys.log") at $(cat "$dir/sys.frames"), not $2 at path.c:$line"
    fi
}
sick null-call KE-FAULT-01 '{ VOID (*volatile nothing)(VOID) = NULL; nothing(); }' ''
sick divide KE-FAULT-02 '{ volatile LONG zero = 0; zero = 50 / zero; }' ''
sick wild-write KE-FAULT-01 '{ *(volatile ULONG *)0x8000000000000000 = 1; }' ''
sick far-overflow KE-STACK-01 '{ Deep(1000000); }' \
    'static __declspec(noinline) ULONG Deep(ULONG n) { volatile UCHAR a[9000]; a[0] = (UCHAR)n; a[8999] = 1; return n > 3 ? Deep(n - 1) + a[0] : 0; }'
# The watchdog interrupts anywhere: often in the prologue or on the way out of the small function.
for turn in 1 ${1:+2 3 4 5 6}; do
    sick "spin-$turn" KE-HANG-01 '{ volatile ULONG i = 0; for (;;) Spin(&i); }' \
        'static __declspec(noinline) VOID Spin(volatile ULONG *i) { volatile UCHAR a[64]; a[0] = 1; (*i)++; }'
done

# ---- under AddressSanitizer and valgrind ----------------------------------------------------------
also() { # name, directory, program, tool...
    name=$1 dir=$2 program=$3
    shift 3
    run_sys "$program" "$dir" "$dir/$name.log" "" "$@"
    frames "$dir/$name.log" >"$dir/$name.frames"
    if [ "$(rule "$dir/$name.log")" = "$(rule "$dir/sys.log")" ] && cmp -s "$dir/sys.frames" "$dir/$name.frames"; then
        good
    else
        bad "$name: $dir: $(rule "$dir/$name.log"): $(cat "$dir/$name.frames"), not $(cat "$dir/sys.frames")"
    fi
}
if [ -x "$asan" ]; then
    also asan "$work/null-call" "$asan"
    also asan "$work/divide" "$asan"
else
    echo "SKIP pe_stacks: $asan is not there (make asan)"
fi
if command -v valgrind >/dev/null; then
    also valgrind "$work/divide" "$work/mpio" valgrind -q
else
    echo "SKIP pe_stacks: no valgrind"
fi

# ---- gdb ---------------------------------------------------------------------------------------------
under_gdb() { # log, driver, commands on standard input
    cat >"$work/commands"
    (cd "$work/base" && timeout 60 gdb -q -nx -batch -x "$root/tools/gdb/openmpio.py" -x "$work/commands" --args "$work/mpio" run \
        --dsm "$2" --topology "$tests/broken.ini" --for 2s --quiet) >"$work/$1" 2>&1 </dev/null
}
says_in_order() { # log, patterns...
    log=$1
    shift
    at=0
    for pattern; do
        next=$(awk -v at="$at" -v pattern="$pattern" 'NR > at && $0 ~ pattern { print NR; exit }' "$work/$log")
        if [ -z "$next" ]; then
            bad "$log: no '$pattern' behind line $at, see $work/$log"
            return
        fi
        at=$next
    done
    good
}
if command -v gdb >/dev/null; then
    make -s -C "$work/base" DDK="$root/ddk" DBG=1 OPT=-O0 BUILD=build0 so sys >"$work/build.log" 2>&1
    line=$(grep -n '^PVOID SampleGetPath' dsm_sample/io.c | cut -d: -f1)
    for kind in so sys; do
        under_gdb "gdb-$kind.log" build0/dsm_sample.$kind <<-'END'
		break SampleGetPath
		run
		backtrace
		print DsmIds->Count
		up
		info locals
		delete
		break SampleUnload
		continue
		backtrace 2
		delete
		continue
		info line SampleGetPath
		END
        says_in_order "gdb-$kind.log" "^Breakpoint 1, SampleGetPath .*DsmIds=0x[0-9a-f]*.* at (.*/)?io[.]c:" \
            '^#0  SampleGetPath ' '^#1 .* SampleCategorize .* at (.*/)?io[.]c:[0-9]+$' '^#2 .* MpioCategorize .* at mpio/core/categorize[.]c:[0-9]+$' \
            '^#[0-9]+ .* host_context_thunk ' '^[$]1 = 2$' '^#1 .*SampleCategorize' '^cdb = ' '^#0  SampleUnload .* at (.*/)?driver[.]c:' \
            '^#1 .* UnloadWorker .* at mpio/core/register[.]c:' 'exited normally'
    done
    # The image is unmapped at the end, and its symbols are gone.
    says_in_order gdb-sys.log 'exited normally' '^(Function "SampleGetPath" not defined|No symbol table is loaded|No line number information)'
else
    echo "SKIP pe_stacks: no gdb"
fi

echo "pe_stacks: $passed passed, $failed failed"
[ "$failed" = 0 ]
