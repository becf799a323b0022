#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds every libFuzzer target fuzz_*.c of mpio/ and ddk/tools/ (clang, ASan, UBSan) and runs each for the given seconds.
# Corpora stay in build/fuzz/corpus. Last line: `fuzz: N passed, N failed`.
#   tools/fuzz.sh [SECONDS] [NAME ...]
cd "$(dirname "$0")/.." || exit 2
seconds=${1:-60}
[ $# -gt 0 ] && shift
passed=0 failed=0
mkdir -p build/fuzz
make -s -j"$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)" fuzzers 2>build/fuzz/build.log
for source in mpio/*/tests/fuzz_*.c ddk/tools/*/tests/fuzz_*.c; do
    name=$(basename "$source" .c)
    [ $# -gt 0 ] && case " $* " in *" $name "*) ;; *) continue ;; esac
    if [ ! -x "build/fuzz/bin/$name" ]; then
        echo "$name: does not build: see build/fuzz/build.log"
        failed=$((failed + 1))
        continue
    fi
    mkdir -p "build/fuzz/corpus/$name"
    seeds=
    [ "$name" = fuzz_mof ] && seeds="ddk/tools/mofc/tests ddk/mof"
    [ "$name" = fuzz_pe ] && [ -d build/dsm_sample/pe ] && seeds=build/dsm_sample/pe
    if "build/fuzz/bin/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/$name-" \
        "build/fuzz/corpus/$name" $seeds >"build/fuzz/$name.log" 2>&1 </dev/null; then
        echo "$name: $(grep -oE 'Done [0-9]+ runs' "build/fuzz/$name.log" | tail -1)"
        passed=$((passed + 1))
    else
        echo "$name: FOUND SOMETHING, see build/fuzz/$name.log and build/fuzz/$name-*"
        failed=$((failed + 1))
    fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
