#!/bin/sh
# SPDX-License-Identifier: MIT
# The DSM in ddk/tests/wdkdsm, written as for the WDK, drives disks: its self-test passes, symmetric and ALUA arrays with
# faults come out GOOD, nothing leaks at unload, and .so and .sys give one event stream - natively, and under Wine where it
# is there (build/wine/prefix, made by wine.sh).
# `wdkdsm.sh all`: every optimisation and build, each tool chain, each policy, seeds with and without --explore, Wine, x86.
# Environment: MPIO, MPIO32 (the 32-bit program). Last line: `wdkdsm: N passed, N failed`.
cd "$(dirname "$0")/../../.." || exit 2
top=$PWD
MPIO=${MPIO:-$top/build/rel/bin/mpio}
MPIO32=${MPIO32:-$top/build/i686/bin/mpio}
tree=$top/ddk/tests/wdkdsm
long=${1:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 2
passed=0 failed=0
check() { # name, condition, file to show when it is false
    if eval "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL wdkdsm: $1"
        [ -n "${3:-}" ] && grep -vE '^node0 event log|^$' "$3" | tail -12 | sed 's/^/    /'
    fi
}
have() { command -v "$1" >/dev/null; }
program=$MPIO
run() { # output file, options...: sets code
    out=$1
    shift
    timeout 150 $program run "$@" >"$out" 2>&1 </dev/null
    code=$?
}
hash_of() { sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"; }
good() { # the run was good: exit code, verdict, self-test, no word of a leak
    [ "$code" = 0 ] && grep -q 'verdict   GOOD' "$1" && ! grep -q 'self-test FAIL' "$1" && ! grep -qi 'leak' "$1"
}
build() { # directory, make arguments
    directory=$1
    shift
    make -s -j2 -C "$tree" DDK="$top/ddk" BUILD="$work/$directory" DDK_TOOLS="$work/tools" "$@" >"$directory.log" 2>&1
    check "builds: $*" "[ $? = 0 ]" "$directory.log"
}

# ---- topologies: the demonstration's, with our parameters; the same with ALUA ----
parameters() { # policy
    printf 'Windows Registry Editor Version 5.00\n\n'
    printf '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\wdkdsm\\Parameters]\n'
    printf '"SelfTest"=dword:00000001\n"DsmLoadBalancePolicy"=dword:0000000%d\n' "$1"
}
topology() { # file, policy, access
    parameters "$2" >"$1.reg"
    sed -e "s/^access = .*/access = $3/" -e "/^\[machine/a registry = $1.reg" "$top/docs/examples/demo.ini" >"$1.ini"
}
topology symmetric 2 symmetric
topology alua 4 implicit
rm symmetric.reg # this one comes from the INF, with the self-test switched on there
"$MPIO" install "$tree/wdkdsm.inf" --registry symmetric.reg >install.out 2>&1
check "its INF installs" '[ $? = 0 ] && grep -q "\"SelfTest\"=dword:00000001" symmetric.reg' install.out

build rel so
so=$work/rel/wdkdsm.so sys=
if have x86_64-w64-mingw32-gcc; then
    build rel sys
    sys=$work/rel/wdkdsm.sys
else
    echo "SKIP wdkdsm: no x86_64-w64-mingw32-gcc (Debian: gcc-mingw-w64-x86-64); .so only"
fi

# ---- both kinds, both arrays, faults ----
run so.out --dsm "$so" --topology symmetric.ini --for 2min --faults 4 --verbose
check "symmetric array, .so" 'good so.out' so.out
check "the self-test passes" 'grep -q "wdkdsm: self-test PASS [0-9]" so.out' so.out
run so-alua.out --dsm "$so" --topology alua.ini --for 2min --faults 6 --quiet
check "ALUA array, .so" 'good so-alua.out' so-alua.out
if [ -n "$sys" ]; then
    run sys.out --dsm "$sys" --topology symmetric.ini --for 2min --faults 4 --verbose
    check "symmetric array, .sys" 'good sys.out && grep -q "wdkdsm: self-test PASS [0-9]" sys.out' sys.out
    run sys-alua.out --dsm "$sys" --topology alua.ini --for 2min --faults 6 --quiet
    check "ALUA array, .sys" 'good sys-alua.out' sys-alua.out
    check "one event stream for .so and .sys" '[ -n "$(hash_of so.out)" ] && [ "$(hash_of so.out)" = "$(hash_of sys.out)" ]' sys.out
    check "one event stream on the ALUA array" \
        '[ -n "$(hash_of so-alua.out)" ] && [ "$(hash_of so-alua.out)" = "$(hash_of sys-alua.out)" ]' sys-alua.out
fi

# ---- uneven paths, as many requests as the queue takes: least queue depth moves more than round robin ----
uneven() { # policy: prints the I/Os of ten simulated seconds
    parameters "$1" | sed 's/"SelfTest"=dword:00000001/"SelfTest"=dword:00000000/' >uneven.reg
    cat >uneven.ini <<'T'
[machine node]
registry = uneven.reg
[hba near]
kind = fc
[hba far]
kind = fc
[array array0]
vendor = OPENMPIO
product = Uneven
[lun lun]
size = 64M
[link near]
hba = near
latency = 200us
bandwidth = 400M
[link far]
hba = far
latency = 2ms
bandwidth = 40M
[load load]
queue-depth = 16
io-size = 64K
T
    run "uneven-$1.out" --dsm "$so" --topology uneven.ini --for 10s --quiet
    sed -n 's|^I/O  *\([0-9]*\) reads, \([0-9]*\) writes.*|\1 \2|p' "uneven-$1.out" | awk '{print $1 + $2}'
}
turns=$(uneven 2) least=$(uneven 4)
check "least queue depth ($least I/Os) is worth 1.5 times round robin ($turns) on uneven paths" \
    '[ "${turns:-0}" -gt 0 ] && [ $((least * 10)) -gt $((turns * 15)) ]' uneven-4.out
check "the uneven paths end well" 'grep -q "verdict   GOOD" uneven-2.out && grep -q "verdict   GOOD" uneven-4.out' uneven-2.out
if [ -z "$long" ]; then
    echo "wdkdsm: $passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
fi

# ---- every build: behaviour does not depend on tool chain, optimisation or assertions ----
same() { # what, image, topology, wanted stream: GOOD, and the stream
    run same.out --dsm "$2" --topology "$3.ini" --for 2min --faults "$faults" --quiet
    check "$1, $3: good" 'good same.out' same.out
    want=$4
    check "$1, $3: the same event stream" '[ "$(hash_of same.out)" = "$want" ]' same.out
}
both() { # what, image
    faults=4
    same "$1" "$2" symmetric "$(hash_of so.out)"
    faults=6
    same "$1" "$2" alua "$(hash_of so-alua.out)"
}
images=
for opt in 0 2; do
    for dbg in 0 1; do
        set -- OPT=-O$opt DBG=$dbg
        build gcc-$opt-$dbg so "$@"
        both "gcc -O$opt DBG=$dbg" "$work/gcc-$opt-$dbg/wdkdsm.so"
        if have clang; then
            build clang-$opt-$dbg so CC=clang "$@"
            both "clang -O$opt DBG=$dbg" "$work/clang-$opt-$dbg/wdkdsm.so"
        fi
        if [ -n "$sys" ]; then
            build mingw-$opt-$dbg sys "$@"
            both "mingw -O$opt DBG=$dbg" "$work/mingw-$opt-$dbg/wdkdsm.sys"
            images="$images mingw-$opt-$dbg"
        fi
        if have clang && have lld-link; then
            build msvc-$opt-$dbg sys TOOLCHAIN=msvc-clang "$@"
            both "msvc-clang -O$opt DBG=$dbg" "$work/msvc-$opt-$dbg/wdkdsm.sys"
            images="$images msvc-$opt-$dbg"
        fi
    done
done

# ---- each policy; seeds, also with scheduling drawn from them ----
for policy in 1 2 3 4 5 6; do
    topology policy$policy $policy symmetric
    run policy.so.out --dsm "$so" --topology policy$policy.ini --for 3min --faults 5 --quiet
    check "policy $policy" 'good policy.so.out' policy.so.out
    [ -n "$sys" ] || continue
    run policy.sys.out --dsm "$sys" --topology policy$policy.ini --for 3min --faults 5 --quiet
    check "policy $policy: one event stream" '[ "$(hash_of policy.so.out)" = "$(hash_of policy.sys.out)" ]' policy.sys.out
done
for seed in $(seq 1 24); do
    case $((seed % 4)) in 0) set -- symmetric ;; 1) set -- alua ;; 2) set -- symmetric --explore ;; 3) set -- alua --explore ;; esac
    file=$1
    shift
    run seed.so.out --dsm "$so" --topology "$file.ini" --for 40s --seed "$seed" --faults $((seed % 12)) "$@" --quiet
    check "seed $seed, $file $*" 'good seed.so.out' seed.so.out
    [ -n "$sys" ] || continue
    run seed.sys.out --dsm "$sys" --topology "$file.ini" --for 40s --seed "$seed" --faults $((seed % 12)) "$@" --quiet
    check "seed $seed, $file $*: one event stream" '[ "$(hash_of seed.so.out)" = "$(hash_of seed.sys.out)" ]' seed.sys.out
done

# ---- sanitizers ----
asan=$top/build/asan/bin/mpio
if [ "$asan" -nt "$top/ddk/lib/wmilib.def" ]; then
    build san so SAN=1
    program=$asan
    run san.out --dsm "$work/san/wdkdsm.so" --topology alua.ini --for 20s --faults 4 --quiet
    program=$MPIO
    check "with AddressSanitizer and UBSan" 'good san.out && ! grep -qE "runtime error|ERROR: " san.out' san.out
else
    echo "SKIP wdkdsm: sanitizers ($asan is not there or older than wmilib.def: make asan)"
fi

# ---- Wine ----
wine=/usr/lib/wine/wine64
[ -x "$wine" ] || wine=$(command -v wine64 || command -v wine) || wine=
if [ -n "$wine" ] && [ -n "$sys" ] && [ -x "$top/build/win/bin/mpio.exe" ] && [ -f "$top/build/wine/prefix/system.reg" ]; then
    WINEPREFIX=$top/build/wine/prefix WINEDEBUG=-all
    export WINEPREFIX WINEDEBUG
    unset DISPLAY
    cp "$top/build/win/bin/mpio.exe" .
    program="$wine $work/mpio.exe"
    for image in rel $images; do
        case $image in *-0-*) continue ;; esac
        run wine.out --dsm "$work/$image/wdkdsm.sys" --topology symmetric.ini --for 2min --faults 4 --quiet
        check "Wine, $image: good" 'good wine.out' wine.out
        check "Wine, $image: the event stream of the .so" '[ "$(hash_of wine.out)" = "$(hash_of so.out)" ]' wine.out
    done
    program=$MPIO
else
    echo "SKIP wdkdsm: Wine (needs wine64, build/win/bin/mpio.exe and the prefix that wine.sh makes)"
fi

# ---- x86 ----
if [ -x "$MPIO32" ] && have i686-w64-mingw32-gcc; then
    build x86 ARCH=x86 sys
    program=$MPIO32
    run x86.out --dsm "$work/x86/x86/wdkdsm.sys" --topology symmetric.ini --for 2min --faults 4 --verbose
    program=$MPIO
    check "x86 image" 'good x86.out && grep -q "wdkdsm: self-test PASS [0-9]" x86.out' x86.out
    check "x86 image: the event stream of x64" '[ "$(hash_of x86.out)" = "$(hash_of so.out)" ]' x86.out
else
    echo "SKIP wdkdsm: x86 (needs $MPIO32 and i686-w64-mingw32-gcc)"
fi
echo "wdkdsm: $passed passed, $failed failed"
[ "$failed" = 0 ]
